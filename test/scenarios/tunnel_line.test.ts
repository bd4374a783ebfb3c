// A tunnel over a line that is long, lossy, and then dead: to another host, by packets that arrive late or not at all. A bad
// line is degraded all the time and does not flap; a dead one is down within three intervals, though nothing was refused or
// closed. Ten minutes of the bad one are in test/long/tunnel_lossy_line.test.ts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type TunnelLine, tunnelLine } from "../support/tunnel_line.ts";

/** A whole answer over it takes 300 ms at least. */
const SLOW_MS = 250;
let line: TunnelLine;
beforeAll(async () => {
  line = await tunnelLine();
});
afterAll(() => line.close());

/** Until it is healthy, then with what `breaks` does, until it is down. @returns how long after the break, in ms */
async function downAfter(intervalMs: number, breaks: () => Promise<unknown>, mends: () => Promise<unknown>) {
  const seen: string[] = [];
  let [brokenAt, took] = [0, 0];
  const onRound = async ({ verdict }: { verdict: string }) => {
    seen.push(verdict);
    if (brokenAt === 0 && verdict === "healthy") {
      await breaks();
      brokenAt = performance.now();
    }
    if (took === 0 && verdict === "down") {
      took = performance.now() - brokenAt;
      await mends();
    }
    return took === 0 || verdict === "down";
  };
  await line.watch({ intervalMs, slowMs: SLOW_MS, onRound });
  return { took, seen };
}

describe("a tunnel over a line", () => {
  test("of 300 ms that loses 5 % is degraded in each round, and each round is one", async () => {
    await line.host.delay(300);
    await line.host.lose(5);
    const rounds: { verdict: string; ms: number }[] = [];
    const onRound = async ({ verdict, ms }: { verdict: string; ms: number }, round: number) => {
      rounds.push({ verdict, ms });
      return round < 5;
    };
    await line.watch({ intervalMs: 3_000, slowMs: SLOW_MS, onRound });
    await line.host.lose(0);
    await line.host.delay(0);
    expect(rounds.map(({ verdict }) => verdict)).toEqual(Array(5).fill("degraded"));
    expect(Math.min(...rounds.map(({ ms }) => ms))).toBeGreaterThanOrEqual(300);
  });

  test("that dies is down within three intervals, and not down any more when it is back", async () => {
    const { took, seen } = await downAfter(2_000, line.host.drop, line.host.restore);
    expect(took).toBeGreaterThan(0);
    expect(took).toBeLessThan(3 * 2_000 + 500);
    expect(seen.at(-1)).toBe("degraded");
  });

  test("whose answers alone vanish, in the far host's kernel, is down within three intervals", async () => {
    const rule = async (...words: string[]) => {
      const { exitCode, stderr } = await line.host.run(["ip", "rule", ...words]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    };
    const { took } = await downAfter(
      2_000,
      () => rule("add", "priority", "100", "to", line.host.hostAddress, "blackhole"),
      () => rule("delete", "priority", "100"),
    );
    expect(took).toBeGreaterThan(0);
    expect(took).toBeLessThan(3 * 2_000 + 500);
  });
});
