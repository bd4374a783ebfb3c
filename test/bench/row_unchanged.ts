// The run that happens every fifteen minutes: a fleet in which nothing, or one workplan, has changed since the last one.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import type { Report } from "../../lib/consistency/report.ts";
import type { Bench } from "./bench.ts";
import { type HubUrl, withDatabase } from "./bench_hub.ts";
import { checkAll } from "./check_in_process.ts";
import { changeWorkplan, type FleetRepo, WORKPLANS_PER_REPO } from "./fleet.ts";
import { differences, inTurn, spread } from "./measure.ts";
import { megabytes, ms, type Row, range, ratioRow } from "./result_table.ts";
import { costOfCheck, runCheck } from "./run_script.ts";
import { changedTables, tableStates } from "./table_states.ts";

const REPOS = 500;
const CHANGED_AT_MOST_MS = 100;

export async function unchangedRow(bench: Bench): Promise<Row[]> {
  const { repos, url } = await settledFleet(bench);
  const one = repos[0]?.slug ?? "";
  const pairs = await inTurn(bench.rounds, {
    measured: async () => (await unchanged(url, ["--all"], REPOS)).ms,
    reference: async () => (await unchanged(url, ["--repo", one], 1)).ms,
  });
  const what = `\`--all\` again over ${REPOS} repos, nothing changed`;
  const row = ratioRow({ what, reference: "the same script over one repo", atMost: 1.5 }, pairs);
  const proofs = [await provesNoWrite(url), await provesNoGit(bench, url), await provesNoRead(url, repos, one)];
  return [{ ...row, met: row.met && proofs.every(({ holds }) => holds), remarks: proofs.map(({ says }) => says) }];
}

export async function changedRow(bench: Bench): Promise<Row[]> {
  const { repos, url } = await settledFleet(bench);
  const repo = repos[Math.floor(REPOS / 2)];
  if (!repo) throw new Error("the fleet is empty");
  const number = repos.indexOf(repo) * WORKPLANS_PER_REPO;
  const pairs = await inTurn(bench.rounds, {
    measured: async (round) => {
      await changeWorkplan(repo, number, round % 2 === 0 ? "blocked" : "active");
      const { ms: took, report } = await runCheck(url, ["--all"]);
      requireCounts(report, { processed: 1, clean: REPOS - 1, updated: 1 });
      return took;
    },
    reference: async () => (await unchanged(url, ["--all"], REPOS)).ms,
  });
  const added = differences(pairs);
  return [
    {
      what: `one changed workplan among ${REPOS} repos, added to that`,
      measured: ms(spread(pairs.map(({ measured }) => measured)).median),
      reference: `nothing changed: ${ms(spread(pairs.map(({ reference }) => reference)).median)}`,
      ratio: `added: ${range(added, ms)}`,
      atMost: `${CHANGED_AT_MOST_MS} ms`,
      met: added.median <= CHANGED_AT_MOST_MS,
      remarks: [],
    },
  ];
}

/** Reconciled once, and analysed as autovacuum would have done within its minute. */
async function settledFleet({ fleet, hub }: Bench): Promise<{ repos: readonly FleetRepo[]; url: HubUrl }> {
  const repos = await fleet.repos(REPOS);
  const url = await hub.knowing(repos);
  await checkAll(url);
  await withDatabase(url, ({ sql }) => sql`vacuum analyze`);
  return { repos, url };
}

async function unchanged(url: HubUrl, args: readonly string[], clean: number, env: Record<string, string> = {}) {
  const run = await runCheck(url, args, env);
  requireCounts(run.report, { processed: 0, clean, updated: 0 });
  return run;
}

function requireCounts(report: Report, wanted: { processed: number; clean: number; updated: number }): void {
  const found = {
    processed: report.repos_processed.length,
    clean: report.skipped_clean.length,
    updated: report.repos_processed.reduce((sum, { actions }) => sum + actions.updated, 0),
  };
  if (!Bun.deepEquals(found, wanted)) throw new Error(`found ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

interface Proof {
  readonly holds: boolean;
  readonly says: string;
}

async function provesNoWrite(url: HubUrl): Promise<Proof> {
  const changed = await withDatabase(url, async ({ sql }) => {
    const before = await tableStates(sql);
    await unchanged(url, ["--all"], REPOS);
    return changedTables(before, await tableStates(sql));
  });
  const holds = Bun.deepEquals(changed, ["public.progress_events"]);
  return { holds, says: `tables written: ${changed.join(", ")}${holds ? " (the run itself)" : ""}` };
}

/** A git that only notes that it was called stands first in the PATH. */
async function provesNoGit({ folder }: Bench, url: HubUrl): Promise<Proof> {
  const tools = join(folder, "tools");
  mkdirSync(tools, { recursive: true });
  const calls = join(folder, "git-calls");
  writeFileSync(join(tools, "git"), `#!/bin/sh\necho "$*" >> '${calls}'\nexit 97\n`);
  chmodSync(join(tools, "git"), 0o755);
  await unchanged(url, ["--all"], REPOS, { PATH: `${tools}:${environmentForPrograms().PATH ?? ""}` });
  const started = existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n").length : 0;
  return { holds: started === 0, says: `git processes started: ${started}` };
}

/** A fleet that opened its workplans would read all their bytes on top of what one repository costs. */
async function provesNoRead(url: HubUrl, repos: readonly FleetRepo[], one: string): Promise<Proof> {
  const all = (await costOfCheck(url, ["--all"])).readBytes;
  const single = (await costOfCheck(url, ["--repo", one])).readBytes;
  if (all === null || single === null) return { holds: true, says: "bytes read: this system keeps no count" };
  const workplans = repos.flatMap((repo) => repo.workplans).reduce((sum, path) => sum + Bun.file(path).size, 0);
  const more = all - single;
  const says = `read ${Math.round(more / 1000)} kB more than over one repo; the workplans hold ${megabytes(workplans)}`;
  return { holds: more < workplans / 10, says };
}
