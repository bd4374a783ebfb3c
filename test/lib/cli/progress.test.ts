// What a log shows of a long phase: enough to see that it lives, and no line for each step.
import { expect, test } from "bun:test";
import { openProgress } from "../../../lib/cli/progress.ts";
import type { Terminal } from "../../../lib/cli/streams.ts";

function logged() {
  const lines: string[] = [];
  let now = 0;
  const output = {
    ...{ isTty: false, colour: false, columns: () => 0, rows: () => 0, writeNow: () => {}, isGone: () => false },
    ...{ drained: async () => {}, write: async (text: string) => void lines.push(text.trimEnd()) },
  };
  const config = { noColor: false, dumb: false, ci: false, logFormat: "text" } as const;
  const terminal: Terminal = { out: output, err: output, config };
  const progress = openProgress(terminal, { json: false, quiet: false }, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { lines, progress, pass };
}

test("progress() says a phase once, and its detail at most every 30 s", () => {
  const { lines, progress, pass } = logged();
  progress.progress("Dumping");
  for (const table of ["a", "b", "c"]) progress.progress("Dumping", undefined, table);
  expect(lines).toEqual(["Dumping"]);
  pass(29_999);
  progress.progress("Dumping", undefined, "d");
  expect(lines).toHaveLength(1);
  pass(1);
  progress.progress("Dumping", undefined, "e");
  progress.progress("Dumping", undefined, "f");
  expect(lines).toEqual(["Dumping", "Dumping: e"]);
});

test("progress() says a new phase at once, without the detail of its first moment", () => {
  const { lines, progress, pass } = logged();
  progress.progress("Dumping");
  pass(60_000);
  progress.progress("Restoring", undefined, "public.tasks");
  pass(1_000);
  progress.progress("Restoring", { done: 1, total: 2 }, "public.repos");
  expect(lines).toEqual(["Dumping", "Restoring"]);
});
