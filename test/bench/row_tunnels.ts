// Twenty tunnels to one host at the end of a long line, against one: a check of many waits for the line, not for each other.
import { checkAll } from "../../lib/tunnel/check_all.ts";
import type { Bench } from "./bench.ts";
import { type DistantHub, distantHub } from "./distant_hub.ts";
import { inTurn, type Side, spread, timed } from "./measure.ts";
import { ms, type Row, ratioRow } from "./result_table.ts";

const MANY = 20;
const ROUND_TRIP_MS = 50;
const TIMEOUT_MS = 30_000;
const AT_MOST = 3;

export async function tunnelsRow(bench: Pick<Bench, "folder" | "hub" | "rounds">): Promise<Row[]> {
  const hub = await distantHub(bench, "tunnels");
  try {
    await hub.delay(ROUND_TRIP_MS);
    const [many, one] = [checked(hub, MANY), checked(hub, 1)];
    const pairs = await inTurn(bench.rounds, { measured: many.side, reference: one.side });
    const what = `a check of ${MANY} healthy tunnels to one host, ${ROUND_TRIP_MS} ms away`;
    const row = ratioRow({ what, reference: "of one", atMost: AT_MOST }, pairs);
    const handshakes = (bench.rounds + 1) * (MANY + 1);
    const remarks = [
      `processor time of the check: ${ms(spread(many.processor).median)}, of one tunnel alone: ${ms(spread(one.processor).median)}`,
      `of sshd: ${ms(hub.sshdProcessorMs() / handshakes)} a connection`,
    ];
    return [{ ...row, remarks }];
  } finally {
    await hub.stop();
  }
}

/** @throws Error when one of them is not healthy */
function checked(hub: DistantHub, count: number): { side: Side; processor: number[] } {
  const tunnels = hub.tunnels(count);
  const processor: number[] = [];
  const check = async () => {
    const before = process.cpuUsage();
    const signal = new AbortController().signal;
    const report = await checkAll(tunnels, { path: hub.terms, timeoutMs: TIMEOUT_MS, signal });
    const { user, system } = process.cpuUsage(before);
    processor.push((user + system) / 1_000);
    if (report.verdict !== "healthy") throw new Error(`Not healthy: ${JSON.stringify(report)}`);
  };
  return { side: () => timed(check), processor };
}
