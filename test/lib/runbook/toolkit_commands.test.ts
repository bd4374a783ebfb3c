// What counts as a command of the toolkit, and what only looks like one.
import { expect, test } from "bun:test";
import { parseRunbook } from "../../../lib/runbook/read_runbook.ts";
import { toolkitCommandsIn } from "../../../lib/runbook/toolkit_commands.ts";

const commandsIn = (text: string) =>
  toolkitCommandsIn(parseRunbook("page.md", text)).map(({ script, argv }) => [script, ...argv].join(" "));
const inBlock = (text: string, info = "bash class=run name=a") => commandsIn(`\`\`\`${info}\n${text}\n\`\`\`\n`);

test.each([
  ["scripts/a.ts b --c", ["a.ts b --c"]],
  ["X=1 setsid --fork scripts/a.ts b >> log 2>> log", ["a.ts b"]],
  ["timeout 20 ./scripts/a.ts", ["a.ts"]],
  ["jq . <(scripts/a.ts b --json)", ["a.ts b --json"]],
  ["kubectl exec deploy/hub -- scripts/a.ts b", ["a.ts b"]],
  ["ExecStart=%h/state-hub-ops/scripts/a.ts b", ["a.ts b"]],
  ["~/state-hub-ops/scripts/a.ts b && scripts/c.ts", ["a.ts b", "c.ts"]],
  ["scripts/a.ts b \\\n  --c d", ["a.ts b --c d"]],
  ["cat scripts/a.ts", []],
  ["bun test test/scripts/a.test.ts", []],
  ["test/scripts/a.test.ts", []],
])("toolkitCommandsIn() a block %j", (text, wanted) => {
  expect(inBlock(text)).toEqual(wanted);
});

test("toolkitCommandsIn() takes from output only what is said to come next", () => {
  expect(inBlock("scripts/a.ts is busy\nNext: scripts/b.ts c", "text class=output name=a-output")).toEqual(["b.ts c"]);
});

test("toolkitCommandsIn() reads running text and cells, and knows a name from a command", () => {
  const page = parseRunbook("p.md", "`scripts/a.ts`\nand `scripts/a.ts b ...`\n\n| x |\n|---|\n| `scripts/a.ts b` |\n");
  expect(toolkitCommandsIn(page).map(({ line, argv, isName }) => [line, argv.join(" "), isName])).toEqual([
    [1, "", true],
    [2, "b ...", true],
    [6, "b", false],
  ]);
});

test("toolkitCommandsIn() gives each command its own line within a block", () => {
  const page = parseRunbook("p.md", "\n```sh\nx\nscripts/a.ts b \\\n  c\nscripts/d.ts\n```\n");
  expect(toolkitCommandsIn(page).map(({ script, line }) => [script, line])).toEqual([
    ["a.ts", 4],
    ["d.ts", 6],
  ]);
});
