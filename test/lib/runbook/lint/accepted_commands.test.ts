// What a page may leave open, and what it may not: commands as they stand in pages, by the flag table of a small script.
import { expect, test } from "bun:test";
import { lintOf, TEND, tendWith } from "../small_toolkit.ts";

const problemsWith = async (code: string) => {
  const { problems } = await lintOf({ [TEND]: tendWith("Nobody", `\`${code}\` nobody`) });
  return problems.map(({ rule, what, hint }) => ({ rule, what, hint }));
};

test.each([
  "scripts/garden.ts dig NORTH --rows N",
  "scripts/garden.ts dig <bed> --rows=<number> --with <tool>",
  `scripts/garden.ts dig "\${BED:?}" --rows "\${ROWS:?}" --with="\${TOOL:?}"`,
  "scripts/garden.ts",
  "scripts/garden.ts dig ...",
  "scripts/garden.ts --help",
])("acceptedCommands takes %s", async (code) => {
  expect(await problemsWith(code)).toEqual([]);
});

test.each([
  ["scripts/garden.ts dig north --rows many", '--rows is "many"'],
  ["scripts/garden.ts dig north --rows 0", "--rows"],
  ["scripts/garden.ts dig north --with rake", "rake"],
  ["scripts/garden.ts dig north --rows", "--rows has no value"],
  ["scripts/garden.ts dig north south", '"south" is one word too many'],
])("acceptedCommands refuses %s, with the command and a hint", async (code, what) => {
  const problems = await problemsWith(code);
  expect(problems).toEqual([
    {
      rule: "toolkit-command",
      what: expect.stringContaining(what),
      hint: expect.stringMatching(/^scripts\/garden\.ts/),
    },
  ]);
  expect(problems[0]?.what).toStartWith(`${code}: `);
});

test("acceptedCommands misses the run bit, also where a script is only named", async () => {
  const { problems } = await lintOf({
    "scripts/other.ts": "// no run bit",
    [TEND]: tendWith("Nobody", "`scripts/other.ts` nobody"),
  });
  expect(problems.map(({ what, hint }) => [what, hint])).toEqual([
    ["scripts/other.ts has no run bit", "chmod +x scripts/other.ts"],
  ]);
});
