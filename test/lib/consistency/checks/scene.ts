// A small world for one check: a repository with the file that triggers it and, beside it, a near twin that must stay
// silent. Each scene has a repository of its own in one hub, and tells all that is found in it, so that a check which
// speaks out of turn is seen as well as one that is silent.
import type { OpenFinding } from "../../../../lib/consistency/findings.ts";
import type { Sql } from "../../../../lib/db/handles.ts";
import { whenTestsEnd } from "../../../stop_what_tests_started.ts";
import { type Files, makeRepo, type TestRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";

export interface Scene {
  /** Committed at first. */
  readonly files?: Files;
  /** Reconciled first, with `files` as they are; then this happens, and a second run is judged. */
  readonly change?: (world: World) => Promise<unknown>;
  readonly dryRun?: boolean;
  /** What the judged run left behind can be looked at here. */
  readonly after?: (world: World) => Promise<unknown>;
}

export interface World {
  readonly repo: TestRepo;
  readonly slug: string;
  /** For playing the hub's side. */
  readonly sql: Sql;
  /** One more run of this repository. */
  rerun(): Promise<Judged>;
}

/** A finding without its words: what it is and where. */
export type Told = Pick<OpenFinding, "check" | "severity" | "path" | "line" | "column" | "subject">;

export interface Judged {
  readonly told: readonly Told[];
  readonly findings: readonly OpenFinding[];
  readonly exitCode: number;
}

let hub: Promise<TestHub> | undefined;
let scenes = 0;
const folder = temporaryFolder();
whenTestsEnd(() => folder.remove());

/** One hub for the scenes of all checks: each has a repository and workplan ids of its own. */
async function openHub(): Promise<TestHub> {
  const opened = await freshHub();
  whenTestsEnd(() => opened.close());
  return opened;
}

export async function play({ files = {}, change, dryRun = false, after }: Scene): Promise<Judged> {
  hub ??= openHub();
  const on = await hub;
  const slug = `scene-${++scenes}`;
  const repo = await makeRepo(folder.path, slug, files);
  const rerun = () => judged(on, repo.path, slug, false);
  const world = { repo, slug, sql: on.database.sql, rerun };
  if (change) {
    await rerun();
    await change(world);
  }
  const result = await judged(on, repo.path, slug, dryRun);
  await after?.(world);
  return result;
}

async function judged(world: TestHub, path: string, slug: string, dryRun: boolean): Promise<Judged> {
  const { report } = await world.check({ path }, { dryRun });
  if (report.automation_error) throw new Error(`C-00: ${report.automation_error.message}`);
  const findings = report.assessment_failures.filter(({ repo }) => repo === slug);
  const told = findings.map(({ check, severity, path: at, line, column, subject }) => ({
    check,
    severity,
    path: at,
    line,
    column,
    subject,
  }));
  return { told, findings, exitCode: report.exit_code };
}

/** The 1-based place of the first `mark` in `text`. */
export function placeOf(text: string, mark: string): { line: number; column: number } {
  const at = text.indexOf(mark);
  if (at === -1) throw new Error(`the text holds no ${JSON.stringify(mark)}`);
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
