// Clean-up of a run, in real bash: it is done when the run was interrupted, when its results cannot be kept, and in time.
import { expect, test } from "bun:test";
import { block, runPage } from "./run_page.ts";

const CLEANUP = "when=cleanup";

test("an interrupted run ends the block, leaves the rest, and cleans up", async () => {
  const stop = new AbortController();
  const { said } = await runPage(
    [
      block("wait", "echo ready; sleep 613"),
      block("never", "true"),
      block("tidy", "true", CLEANUP),
      block("slow", "sleep 614", CLEANUP),
    ],
    { signal: stop.signal, onLine: (line) => line === "ready" && stop.abort(), hurriedMs: 800 },
  );
  expect(said).toEqual([
    "wait: failed: interrupted",
    "tidy: passed",
    expect.stringMatching(/^slow: failed: (still running|interrupted)/),
  ]);
}, 15_000);

test("a clean-up that runs when the run is interrupted has the time that is left", async () => {
  const stop = new AbortController();
  const { said } = await runPage([block("one", "true"), block("slow", "echo ready; sleep 615", CLEANUP)], {
    signal: stop.signal,
    onLine: (line) => line === "ready" && stop.abort(),
    hurriedMs: 300,
  });
  expect(said).toEqual(["one: passed", "slow: failed: interrupted"]);
}, 15_000);

test("a clean-up that hangs leaves those behind it their share of the time of an interrupted run", async () => {
  const stop = new AbortController();
  const { said } = await runPage(
    [block("wait", "echo ready; sleep 618"), block("slow", "sleep 619", CLEANUP), block("tidy", "sleep 0.1", CLEANUP)],
    { signal: stop.signal, onLine: (line) => line === "ready" && stop.abort(), hurriedMs: 2_000 },
  );
  expect(said).toEqual(["wait: failed: interrupted", "slow: failed: still running after 1 s", "tidy: passed"]);
}, 15_000);

test("a run whose results cannot be kept stops, and cleans up all the same", async () => {
  const ended: string[] = [];
  const ran = runPage([block("one", "true"), block("never", "true"), block("tidy", "true", CLEANUP)], {
    onEnd: ({ name, outcome }) => {
      ended.push(`${name}: ${outcome}`);
      throw new Error("the disk is full");
    },
  });
  await expect(ran).rejects.toThrow("the disk is full");
  expect(ended).toEqual(["one: passed", "tidy: passed"]);
});

test("the shell that cleans up has what was exported, and nothing of it on its command line", async () => {
  const { said, of } = await runPage(
    [
      block("set", "export BED=north"),
      block("break", "false"),
      block("tidy", `echo "$BED $SPADE_TOKEN"; tr '\\0' '\\n' < /proc/$$/cmdline >&2`, CLEANUP),
    ],
    { env: { SPADE_TOKEN: "spade-4af1" } },
  );
  expect(said).toEqual(["set: passed", "break: failed: exit 1, wanted 0", "tidy: passed"]);
  expect(of("tidy")?.stdout).toBe("north spade-4af1\n");
  expect(of("tidy")?.stderr).toStartWith("bash\n");
  expect(of("tidy")?.stderr).not.toContain("spade-4af1");
});
