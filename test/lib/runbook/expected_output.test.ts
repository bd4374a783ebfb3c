import { expect, test } from "bun:test";
import { compareOutput, namesIn, unexpected } from "../../../lib/runbook/expected_output.ts";

const PRINTED =
  "repository  head        done\n──────────  ────  ──\ngarden      86704fdf40  1 written back\n\ndone: 1 repository\nNext: x\n";

test("unexpected() is content with the same lines, whatever the width of columns, rules and empty lines", () => {
  expect(
    unexpected("repository head done\ngarden <commit> 1 written back\ndone: 1 repository\nNext: <command>\n", PRINTED),
  ).toBeNull();
});

test("unexpected() lets a gap stand for any lines, also for none", () => {
  expect(unexpected("…\ngarden <commit> 1 written back\n…\nNext: x\n…\n", PRINTED)).toBeNull();
  expect(unexpected("…\ndone: 1 repository\n…\nNext: x\n", PRINTED)).toBeNull();
});

test("unexpected() names a line that was not printed, or not in that order", () => {
  expect(unexpected("…\ngarden <commit> 2 written back\n…\n", PRINTED)).toBe("garden <commit> 2 written back");
  expect(unexpected("…\ndone: 1 repository\n…\ngarden <commit> 1 written back\n…\n", PRINTED)).toBe(
    "garden <commit> 1 written back",
  );
});

test("unexpected() asks for a gap where more was printed, at the beginning, in between and at the end", () => {
  expect(unexpected("garden <commit> 1 written back\n…\n", PRINTED)).not.toBeNull();
  expect(unexpected("repository head done\ndone: 1 repository\n…\n", PRINTED)).not.toBeNull();
  expect(unexpected("…\ngarden <commit> 1 written back\n", PRINTED)).not.toBeNull();
});

test("unexpected() takes what is not a placeholder literally", () => {
  expect(unexpected("1.5 s (a|b)", "1x5 s (a|b)")).toBe("1.5 s (a|b)");
  expect(unexpected("1.5 s (a|b)", "1.5 s (a|b)")).toBeNull();
});

test("compareOutput() finds the value of a named placeholder, and asks for the same wherever it stands again", () => {
  const shown = "plan <DIGEST>\n…\nNext: apply <DIGEST>\n";
  const same = compareOutput(shown, "plan 4af1\nmore\nNext: apply 4af1\n", {});
  expect(same).toEqual({ missing: null, values: { DIGEST: "4af1" } });
  expect(compareOutput(shown, "plan 4af1\nmore\nNext: apply 4af2\n", {}).missing).toBe("Next: apply <DIGEST>");
  expect(compareOutput("from <ID> to <ID>", "from a to b", {}).missing).toBe("from <ID> to <ID>");
});

test("compareOutput() holds a named placeholder to the value that was known before", () => {
  expect(compareOutput("plan <DIGEST>", "plan 4af1", { DIGEST: "4af1" }).missing).toBeNull();
  expect(compareOutput("plan <DIGEST>", "plan 4af1", { DIGEST: "4.f1" }).missing).toBe("plan <DIGEST>");
});

test("compareOutput() sees at once that a long line lacks a word, however often the words before it stand there", () => {
  const began = performance.now();
  expect(unexpected("<a> b <b> c <c>", "a b ".repeat(100_000))).toBe("<a> b <b> c <c>");
  expect(performance.now() - began).toBeLessThan(2_000);
});

test("namesIn() names what an output gives a value to, once each", () => {
  expect(namesIn("<time> <DIGEST> <A_1> <DIGEST>")).toEqual(["DIGEST", "A_1"]);
});
