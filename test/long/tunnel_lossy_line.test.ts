// Ten minutes of a line of 300 ms that loses 5 % of its packets, watched every 10 s, with all of it five times as fast: 60 ms,
// 2 s, and an answer that counts as slow from 50 ms on. It is degraded in each of the sixty rounds.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TunnelLine, tunnelLine } from "../support/tunnel_line.ts";

const FASTER = 5;
const ROUNDS = 60;
let line: TunnelLine;
beforeAll(async () => {
  line = await tunnelLine();
});
afterAll(() => line.close());

test("a tunnel over a long and lossy line does not flap in ten minutes", async () => {
  await line.host.delay(300 / FASTER);
  await line.host.lose(5);
  const verdicts: string[] = [];
  await line.watch({
    intervalMs: 10_000 / FASTER,
    slowMs: 250 / FASTER,
    onRound: async ({ verdict, tunnels }, round) => {
      verdicts.push(verdict === "degraded" ? verdict : `${verdict} (round ${round}: ${tunnels[0]?.cause})`);
      return round < ROUNDS;
    },
  });
  expect(verdicts).toEqual(Array(ROUNDS).fill("degraded"));
}, 300_000);
