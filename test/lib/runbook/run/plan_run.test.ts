// Which blocks a run goes through, what it asks for before the first of them, and which words confirm its dangers.
import { expect, test } from "bun:test";
import { parseRunbook } from "../../../../lib/runbook/read_runbook.ts";
import { confirmedBlocks, unconfirmed } from "../../../../lib/runbook/run/confirmations.ts";
import { type Choice, missingValues, planRun } from "../../../../lib/runbook/run/plan_run.ts";
import { block, output, pageOf } from "./run_page.ts";

const BOOK = `# Tend

## Look

${block("look", "true")}
## Do

${block("plan", `show "\${BED:?}"`)}
${output("plan", "rows <ROWS>")}
${block("dig", `dig "\${BED:?}" "\${ROWS:?}" "\${TOOL:-spade}"`, "confirm=dig").replace("class=run", "class=danger")}
${block("tidy", `tidy "\${YARD:?}"`, "when=cleanup")}
## How you know it worked

${block("prove", "true")}
## How to go back

${block("fill", `fill "\${BED:?}"`)}
${block("prove-filled", "true")}
## If it refuses

${block("force", "true")}
`;

function namesOf(choice: Choice): string {
  const { blocks, cleanups } = planRun({ ...parseRunbook("runbooks/tend.md", BOOK), kind: "runbook" }, choice);
  return [...blocks.map(({ block: { name } }) => name), "|", ...cleanups.map(({ block: { name } }) => name)].join(" ");
}

const plan = (choice: Choice = {}) => planRun({ ...parseRunbook("runbooks/tend.md", BOOK), kind: "runbook" }, choice);

test("planRun() takes what looks, does and proves; going back is never a part of going on", () => {
  expect(namesOf({})).toBe("look plan dig prove | tidy");
  expect(namesOf({ all: true })).toBe("look plan dig prove fill prove-filled force | tidy");
});

test("planRun() begins with a block, and stays in the section of one that is not gone through by itself", () => {
  expect(namesOf({ from: "dig" })).toBe("dig prove | tidy");
  expect(namesOf({ from: "fill" })).toBe("fill prove-filled | tidy");
  expect(namesOf({ from: "prove-filled", all: true })).toBe("prove-filled force | tidy");
});

test("planRun() takes single blocks in the page's order, clean-up only when it is named", () => {
  expect(namesOf({ only: "force, look" })).toBe("look force |");
  expect(namesOf({ only: "tidy" })).toBe("tidy |");
});

test("planRun() refuses a block that is not there, both ways of choosing, and a page with nothing to run", () => {
  expect(() => plan({ from: "dgi" })).toThrow(expect.objectContaining({ kind: "usage", expected: "dig, perhaps" }));
  expect(() => plan({ only: "look," })).toThrow(expect.objectContaining({ observed: "an empty name" }));
  expect(() => plan({ only: "look", from: "look" })).toThrow(expect.objectContaining({ kind: "usage" }));
  expect(() => planRun(pageOf("Nothing."), {})).toThrow(expect.objectContaining({ kind: "usage" }));
});

test("missingValues() names all at once what nothing sets: not what an earlier output names, but what clean-up needs", () => {
  expect(missingValues(plan(), {})).toEqual([
    { name: "YARD", block: "tidy" },
    { name: "BED", block: "plan" },
  ]);
  expect(missingValues(plan(), { BED: "north", YARD: "front" })).toEqual([]);
  expect(missingValues(plan(), { BED: "", YARD: "front" })).toEqual([{ name: "BED", block: "plan" }]);
  // The block that shows it is not run.
  expect(missingValues(plan({ from: "dig" }), { BED: "north", YARD: "front" })).toEqual([
    { name: "ROWS", block: "dig" },
  ]);
});

test("missingValues() takes what an earlier block exports for given, and no output of a block for its own command", () => {
  const exported = planRun(pageOf(`${block("set", "export BED=north")}${block("use", `show "\${BED:?}"`)}`), {});
  expect(missingValues(exported, {})).toEqual([]);
  const own = planRun(pageOf(`${block("use", `show "\${BED:?}"`)}${output("use", "bed <BED>")}`), {});
  expect(missingValues(own, {})).toEqual([{ name: "BED", block: "use" }]);
});

test("confirmedBlocks() takes the word of each danger's page and no other", () => {
  const typed = "scripts/runbook.ts run tend";
  expect([...confirmedBlocks(typed, plan(), "dig=dig")]).toEqual(["dig"]);
  expect([...confirmedBlocks(typed, plan(), undefined)]).toEqual([]);
  for (const wrong of ["dig=yes", "dig", "look=look", "fill=fill", "dgi=dig", "dig=dig,look"]) {
    expect(() => confirmedBlocks(typed, plan(), wrong)).toThrow(
      expect.objectContaining({ kind: "usage", hint: `${typed} --dry-run` }),
    );
  }
});

test("unconfirmed() names the dangers of the run that are left", () => {
  expect(unconfirmed(plan(), new Set())).toEqual(["dig"]);
  expect(unconfirmed(plan(), new Set(["dig"]))).toEqual([]);
});
