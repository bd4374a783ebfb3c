// A hub and its repositories for one test about whose row a file is: what the hub then holds and says, in a form that a
// failed expectation shows whole.
import { expect } from "bun:test";
import { statSync } from "node:fs";
import { waitUntil } from "../../lib/wait_until.ts";
import { type Files, makeRepo, type TestRepo, temporaryFolder } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";

export interface Scene {
  readonly hub: TestHub;
  /** A repository of this scene, registered by its first check. */
  repo(name: string, files: Files): Promise<TestRepo>;
  /** One run over every repository. */
  all(): Promise<Summary>;
  rows(): Promise<Row[]>;
}

export interface Row {
  readonly id: string;
  readonly key: string;
  readonly repo: string;
  readonly path: string;
  readonly title: string;
  /** Task id to row id. */
  readonly tasks: Readonly<Record<string, string>>;
}

export interface Summary {
  readonly exit: number;
  /** "C-09 error X-WP-0001", sorted. */
  readonly findings: readonly string[];
  readonly report: Awaited<ReturnType<TestHub["check"]>>["report"];
  readonly remarks: readonly string[];
}

/** A hub of its own and repositories beside each other: `--all` means these. */
export async function inScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const hub = await freshHub();
  const folder = temporaryFolder();
  try {
    await work({
      hub,
      repo: (name, files) => makeRepo(folder.path, name, files),
      all: async () => summary(await hub.check({ all: true })),
      rows: () => rowsOf(hub),
    });
  } finally {
    await hub.close();
    folder.remove();
  }
}

/** What a run that did its job found; a C-00 fails the test. */
export function summary({ report, remarks }: Awaited<ReturnType<TestHub["check"]>>): Summary {
  const findings = report.assessment_failures.map((each) => `${each.check} ${each.severity} ${each.subject}`).sort();
  expect(report.automation_error).toBeNull();
  return { exit: report.exit_code, findings, report, remarks };
}

async function rowsOf({ database }: TestHub): Promise<Row[]> {
  const rows = await database.sql<Row[]>`
    select w.id, w.workplan_id as key, r.slug as repo, w.path, w.title,
      (select coalesce(json_object_agg(t.task_id, t.id), '{}') from tasks t where t.workstream_id = w.id) as tasks
    from workstreams w join repos r on r.id = w.repo_id order by w.workplan_id, r.slug`;
  return rows.map((row) => ({ ...row }));
}

/** A file written within the last clock tick is looked at again in any case; a test of skipping needs an older one. */
export function notJustWritten(path: string): Promise<boolean> {
  return waitUntil({ forWhat: "the file's last write to be past", deadlineMs: 10_000 }, () => {
    const age = Date.now() - statSync(path).ctimeMs;
    return age > 100 ? { found: true } : { seen: `${age} ms ago` };
  });
}

export const hubId = () => Bun.randomUUIDv7();
