// A first reconciliation against the least that anybody would have to do for the same result: read the files, and COPY
// the rows that come of them, the reconciler's own bookkeeping included.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { type HubUrl, withDatabase } from "./bench_hub.ts";
import { checkAll } from "./check_in_process.ts";
import { type CopiedRows, copyIn, copyOut } from "./copied_rows.ts";
import type { FleetRepo } from "./fleet.ts";
import { WORKPLANS_PER_REPO } from "./fleet.ts";
import { inTurn, timed } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";
import { TASKS_PER_WORKPLAN } from "./workplan_files.ts";

const REPOS = 200;

export async function firstRow({ folder, fleet, hub, rounds }: Bench): Promise<Row[]> {
  const repos = await fleet.repos(REPOS);
  const unread = await hub.knowing(repos);
  const rows = await rowsOf(await reconciled(hub, unread), join(folder, "copied"));
  const pairs = await inTurn(rounds, {
    measured: () => onFresh(hub, unread, (url) => timed(() => reconcile(url))),
    reference: () => onFresh(hub, undefined, (url) => timedCopy(url, repos, rows)),
  });
  const what = `first reconciliation of ${REPOS} local repos x ${WORKPLANS_PER_REPO} workplans x ${TASKS_PER_WORKPLAN} tasks`;
  return [ratioRow({ what, reference: "reading the files, COPYing every row", atMost: 4 }, pairs)];
}

async function reconcile(url: HubUrl): Promise<void> {
  const { report } = await checkAll(url);
  if (report.exit_code !== 0 || report.repos_processed.length !== REPOS)
    throw new Error(
      `${report.automation_error?.message ?? "no C-00"}; ${report.repos_processed.length} repos, exit ${report.exit_code}`,
    );
}

async function reconciled(hub: Bench["hub"], unread: HubUrl): Promise<HubUrl> {
  const url = await hub.fresh(unread);
  await reconcile(url);
  return url;
}

async function rowsOf(url: HubUrl, folder: string): Promise<CopiedRows> {
  const rows = await withDatabase(url, ({ sql }) => copyOut(sql, folder));
  const expected = REPOS * WORKPLANS_PER_REPO * (TASKS_PER_WORKPLAN + 1);
  const bases =
    rows
      .find(({ table }) => table === "sync_base")
      ?.rows.toString("latin1")
      .split("\n").length ?? 0;
  if (bases - 1 !== expected) throw new Error(`${bases - 1} bases were set, not ${expected}`);
  return rows;
}

/** With the connection it makes, as the reconciliation makes its own. */
function timedCopy(url: HubUrl, repos: readonly FleetRepo[], rows: CopiedRows): Promise<number> {
  return timed(async () => {
    for (const path of repos.flatMap((repo) => repo.workplans)) readFileSync(path);
    await withDatabase(url, ({ sql }) => copyIn(sql, rows));
  });
}

async function onFresh(hub: Bench["hub"], template: HubUrl | undefined, work: (url: HubUrl) => Promise<number>) {
  const url = await hub.fresh(template);
  try {
    return await work(url);
  } finally {
    await hub.drop(url);
  }
}
