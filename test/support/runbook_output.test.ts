import { expect, test } from "bun:test";
import { unexpected } from "./runbook_output.ts";

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
