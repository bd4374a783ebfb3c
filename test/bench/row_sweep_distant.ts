// The sweep that finds nothing to do, over remotes that answer through sshd on another host, 20 ms away.
import { otherHost } from "../support/other_host.ts";
import type { Bench } from "./bench.ts";
import { inTurn } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";
import { lsRemotes, settledSweep, unchangedSweep } from "./row_sweep.ts";

/** Each takes a third of a second of waiting: 500 would be two minutes a round. */
const REPOS = 100;
const ROUND_TRIP_MS = 20;

export async function sweepDistantRow(bench: Bench): Promise<Row[]> {
  const host = await otherHost();
  try {
    const sshd = await host.startSshd();
    const urlOf = ({ path }: { path: string }) => sshd.urlOf(path);
    const swept = await settledSweep(bench, "distant", REPOS, { urlOf, sshConfig: sshd.sshConfig });
    await host.delay(ROUND_TRIP_MS);
    const urls = swept.remotes.map(urlOf);
    const ssh = { GIT_SSH_COMMAND: `ssh -F '${swept.env.STATE_HUB_HOME}/ssh/config' -o BatchMode=yes` };
    const pairs = await inTurn(bench.rounds, {
      measured: async () => (await unchangedSweep(swept)).ms,
      reference: () => lsRemotes(bench, swept, urls, ssh),
    });
    const what = `the same of ${REPOS} remotes behind sshd, ${ROUND_TRIP_MS} ms away`;
    return [ratioRow({ what, reference: "`xargs -P8 -n1 git ls-remote`", atMost: 1.3 }, pairs)];
  } finally {
    await host.remove();
  }
}
