// The scheduled sweep over remotes in which nothing, or one workplan, has changed, against the bare `git ls-remote` of the
// same remotes: what no sweep can do without.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import type { Report } from "../../lib/consistency/report.ts";
import type { Bench } from "./bench.ts";
import { type HubUrl, withDatabase } from "./bench_hub.ts";
import { Fleet, type FleetRepo, WORKPLANS_PER_REPO } from "./fleet.ts";
import { differences, inTurn, spread } from "./measure.ts";
import { makeRemotes, pushChange, type RemoteRepo, registerRemotes } from "./remote_fleet.ts";
import { megabytes, ms, type Row, range, ratioRow } from "./result_table.ts";
import { costOfCheck, runCheck, runProgram } from "./run_script.ts";
import { changedTables, tableStates } from "./table_states.ts";
import { workplanId } from "./workplan_files.ts";

const REPOS = 500;
const LARGE = 1_000;
const SMALL = 100;
const CHANGED_AT_MOST_MS = 150;
const MEMORY_AT_MOST = 150_000_000;
/** Progress event, activity run, lease, and the row that says when each repository was checked. */
const MAY_BE_WRITTEN = ["activity.activity_runs", "public.progress_events", "public.sweep_lease", "public.sweep_state"];

export interface SweptFleet {
  readonly url: HubUrl;
  readonly remotes: readonly RemoteRepo[];
  readonly checkouts: readonly FleetRepo[];
  readonly env: { readonly STATE_HUB_HOME: string };
}

export async function sweepRow(bench: Bench): Promise<Row[]> {
  const swept = await settledSweep(bench, "sweep", REPOS);
  const pairs = await inTurn(bench.rounds, {
    measured: async () => (await unchangedSweep(swept)).ms,
    reference: () => lsRemotes(bench, swept),
  });
  const what = `no-op sweep of ${REPOS} local remotes, checkouts beside`;
  const row = ratioRow({ what, reference: "`xargs -P8 -n1 git ls-remote`", atMost: 1.5 }, pairs);
  const proofs = [await provesFourRows(swept), await provesNoFetch(bench, swept), await provesMemory(swept)];
  return [{ ...row, met: row.met && proofs.every(({ holds }) => holds), remarks: proofs.map(({ says }) => says) }];
}

export async function sweepChangedRow(bench: Bench): Promise<Row[]> {
  const swept = await settledSweep(bench, "changed", REPOS);
  const number = Math.floor(REPOS / 2);
  const remote = swept.remotes[number];
  if (remote === undefined) throw new Error("the fleet is empty");
  const file = `workplans/${workplanId(number * WORKPLANS_PER_REPO)}.md`;
  const pairs = await inTurn(bench.rounds, {
    measured: async (round) => {
      await pushChange(remote, file, round % 2 === 0 ? "blocked" : "active");
      const { ms: took, report } = await sweep(swept);
      requireCounts(report, { processed: 1, clean: REPOS - 1 });
      return took;
    },
    reference: async () => (await unchangedSweep(swept)).ms,
  });
  const added = differences(pairs);
  return [
    {
      what: `one changed workplan among ${REPOS} remotes, pushed: added to that`,
      measured: ms(spread(pairs.map(({ measured }) => measured)).median),
      reference: `nothing changed: ${ms(spread(pairs.map(({ reference }) => reference)).median)}`,
      ratio: `added: ${range(added, ms)}`,
      atMost: `${CHANGED_AT_MOST_MS} ms`,
      met: added.median <= CHANGED_AT_MOST_MS,
      remarks: [],
    },
  ];
}

export async function sweepGrowthRow(bench: Bench): Promise<Row[]> {
  const large = await settledSweep(bench, "large", LARGE);
  const small = await settledSweep(bench, "small", SMALL);
  const pairs = await inTurn(bench.rounds, {
    measured: async () => (await unchangedSweep(large)).ms,
    reference: async () => (await unchangedSweep(small)).ms,
  });
  const what = `no-op sweep of ${LARGE.toLocaleString("en")} local remotes`;
  return [ratioRow({ what, reference: `of ${SMALL} remotes`, atMost: LARGE / SMALL }, pairs)];
}

/** Swept once, with every correction written back and every checkout following; analysed as autovacuum would have done. */
export async function settledSweep(
  { folder, hub }: Bench,
  name: string,
  count: number,
  reach: { readonly urlOf?: (remote: RemoteRepo) => string; readonly sshConfig?: string } = {},
): Promise<SweptFleet> {
  const place = join(folder, name);
  mkdirSync(join(place, "home"), { recursive: true });
  if (reach.sshConfig !== undefined) {
    mkdirSync(join(place, "home/ssh"), { mode: 0o700 });
    writeFileSync(join(place, "home/ssh/config"), reach.sshConfig, { mode: 0o600 });
  }
  mkdirSync(join(place, "checkouts"));
  const checkouts = await new Fleet(join(place, "checkouts")).repos(count);
  const remotes = makeRemotes(join(place, "remotes"), checkouts);
  const url = await hub.fresh();
  await registerRemotes(url, remotes, reach.urlOf ?? (({ path }) => path), checkouts);
  const swept = { url, remotes, checkouts, env: { STATE_HUB_HOME: join(place, "home") } };
  requireCounts((await sweep(swept, ["--max-seconds", "3000"])).report, { processed: count, clean: 0 });
  await withDatabase(url, ({ sql }) => sql`vacuum analyze`);
  return swept;
}

export function sweep({ url, env }: Pick<SweptFleet, "url" | "env">, args: readonly string[] = []) {
  return runCheck(url, ["--remote", "--all", ...args], env);
}

export async function unchangedSweep(swept: SweptFleet, env: Record<string, string> = {}) {
  const run = await sweep({ ...swept, env: { ...swept.env, ...env } });
  requireCounts(run.report, { processed: 0, clean: swept.remotes.length });
  return run;
}

function requireCounts(report: Report, wanted: { processed: number; clean: number }): void {
  const found = { processed: report.repos_processed.length, clean: report.skipped_clean.length };
  const why = report.automation_error?.message ?? report.assessment_failures[0]?.observed ?? "";
  if (!Bun.deepEquals(found, wanted))
    throw new Error(`found ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}: ${why}`);
}

/** What a shell would do: eight at once, one after the other, of the same URLs. */
export async function lsRemotes({ folder }: Bench, { remotes }: SweptFleet, urls?: readonly string[], env = {}) {
  const list = join(folder, "urls");
  writeFileSync(list, (urls ?? remotes.map(({ path }) => path)).join("\n"));
  const command = `xargs -P8 -n1 git ls-remote < '${list}' > /dev/null`;
  return (await runProgram(["sh", "-c", command], env)).ms;
}

interface Proof {
  readonly holds: boolean;
  readonly says: string;
}

async function provesFourRows(swept: SweptFleet): Promise<Proof> {
  const changed = await withDatabase(swept.url, async ({ sql }) => {
    const before = await tableStates(sql);
    await unchangedSweep(swept);
    return changedTables(before, await tableStates(sql));
  });
  const holds = Bun.deepEquals(changed, MAY_BE_WRITTEN);
  return { holds, says: `tables written: ${changed.join(", ")}` };
}

/** A git that notes what it was called for, and does it, stands first in the PATH. */
async function provesNoFetch({ folder }: Bench, swept: SweptFleet): Promise<Proof> {
  const tools = join(folder, "noting-tools");
  const calls = join(folder, "noted-calls");
  mkdirSync(tools, { recursive: true });
  rmSync(calls, { force: true });
  const real = Bun.which("git") ?? "git";
  writeFileSync(join(tools, "git"), `#!/bin/sh\necho "$*" >> '${calls}'\nexec '${real}' "$@"\n`);
  chmodSync(join(tools, "git"), 0o755);
  await unchangedSweep(swept, { PATH: `${tools}:${environmentForPrograms().PATH ?? ""}` });
  const lines = existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n") : [];
  const asked = lines.filter((line) => / ls-remote /.test(line)).length;
  const others = lines.length - asked;
  return {
    holds: asked === swept.remotes.length && others === 0,
    says: `git processes started: ${asked} ls-remote, ${others} others (so 0 fetches, 0 commits)`,
  };
}

async function provesMemory({ url, env }: SweptFleet): Promise<Proof> {
  const { peakBytes } = await costOfCheck(url, ["--remote", "--all"], env);
  return {
    holds: peakBytes < MEMORY_AT_MOST,
    says: `peak memory ${megabytes(peakBytes)}, at most ${megabytes(MEMORY_AT_MOST)}`,
  };
}
