// Each rule by pages that break it, and only it: the clean page with one passage replaced. A rule that finds nothing there, or
// finds it in another line, or does not stand alone, is red.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RULES } from "../../../../lib/runbook/lint/rules.ts";
import { CLEAN, EXECUTED, INDEX, inToolkit, lintOf, TEND, tendWith } from "../small_toolkit.ts";

interface Twin {
  readonly rule: string;
  readonly passage: string;
  readonly instead: string;
  /** What the problem's line holds; the words of `what`. */
  readonly at: string;
  readonly what: string;
}

const SHOW = `scripts/garden.ts show "\${BED:?}"\n\`\`\``;
const DANGER = "```bash class=danger name=dig confirm=apply";
const LOOK = "```bash class=run name=look";
const twin = (rule: string, passage: string, instead: string, at: string, what: string): Twin => ({
  rule,
  passage,
  instead,
  at,
  what,
});

const TWINS: readonly Twin[] = [
  twin("headings", "## How to go back\n\nNobody", "Nobody", "## If it refuses", "If it refuses stands here"),
  twin("headings", "## Last rehearsed\n\n2026-11-21, by", "By", "By its author", "the end stands here"),
  twin("headings", "2026-11-21, by its author.", "Today.\n\n## See also", "## See also", "See also stands here"),
  twin("headings", "# Tend the garden\n", "Tend the garden\n", "Tend the garden", "0 titles"),
  twin("block-class", "class=run name=prove-dug", "name=prove-dug", "prove-dug", "a block without a class"),
  twin("block-class", "text class=text", "text class=example", "class=example", "the class example is not known"),
  twin("block-class", LOOK, "```sh class=run name=look", "```sh", "class run in the language sh"),
  twin("block-class", LOOK, `${LOOK} timeout=5`, "timeout=5", "timeout=5 is no attribute"),
  twin("block-class", LOOK, "```bash class=run class=run name=look", "class=run class=run", "class is given twice"),
  twin("block-name", "name=say-what-it-is-about", "", "text class=text", "a block without a name"),
  twin("block-name", "name=say-what-it-is-about", "name=Say_it", "Say_it", "the name Say_it"),
  twin("block-name", "name=prove-dug", "name=look", "run name=look", "look is the name of the block in line"),
  twin(
    "fitting-class",
    "class=danger name=dig confirm=apply",
    "class=run name=dig",
    "name=dig\n",
    "class run, though no",
  ),
  twin("fitting-class", "class=plan", "class=run", "name=dig-dry-run", "class run, though it shows"),
  twin("fitting-class", LOOK, "```bash class=danger name=look confirm=show", "name=look c", "class danger, though it"),
  twin("confirm", DANGER, "```bash class=danger name=dig", "class=danger", "a danger that nothing confirms"),
  twin("confirm", DANGER, DANGER.replace("apply", "yes"), "confirm=yes", "the command has no such word"),
  twin("confirm", DANGER, DANGER.replace("apply", "Apply"), "confirm=Apply", "confirm=Apply"),
  twin("confirm", LOOK, `${LOOK} confirm=show`, "confirm=show", "class run with confirm=show"),
  twin("output-beneath", "name=look-output", "name=dig-output", "dig-output", "dig-output stands beneath look"),
  twin("output-beneath", "text class=text", "text class=output", "class=output", "no command stands above"),
  twin(
    "output-beneath",
    "## Do\n",
    "```text class=output name=a-output\n```\n\n## Do\n",
    "a-output",
    "no command stands above",
  ),
  twin("one-command", SHOW, SHOW.replace("\n", " && true\n"), "name=look", "more than one command"),
  twin("one-command", SHOW, SHOW.replace("\n", "\ntrue\n"), "name=look", "more than one command"),
  twin("one-command", SHOW, 'echo "$(hostname)"\n```', "name=look", "more than one command"),
  twin("one-command", SHOW, "```", "name=look", "a block with nothing in it"),
  twin("bash-syntax", SHOW, "echo 'weeds\n```", "name=look", "looking for matching `''"),
  twin("placeholder", SHOW, 'scripts/garden.ts show "$BED"\n```', "name=look", "$BED may be empty"),
  twin("placeholder", SHOW, SHOW.replace(":?", ""), "name=look", "{BED} may be empty"),
  twin("placeholder", SHOW, SHOW.replace(":?", ":-"), "name=look", "{BED:-} may be empty"),
  twin("placeholder", SHOW, SHOW.replaceAll('"', ""), "name=look", "outside of double quotes"),
  twin("placeholder", SHOW, "scripts/garden.ts show '<bed>'\n```", "name=look", "<bed> is no word"),
  twin("placeholder", "`ROWS` is what the plan says.", "Dig.", DANGER, "nothing says what ROWS is"),
  twin("run-attributes", LOOK, `${LOOK} when=always`, "when=always", "when=always"),
  twin("run-attributes", LOOK, `${LOOK} exit=256`, "exit=256", "exit=256"),
  twin("run-attributes", "text class=text", "text class=text exit=1", "exit=1", "class text with exit=1"),
  twin(
    "run-attributes",
    "<bed> has weeds\nNext: scripts/garden.ts dig north --dry-run\n```\n",
    `<BED> has weeds\n\`\`\`\n\n${LOOK.replace("look", "tidy")} when=cleanup\n${SHOW}\n`,
    "name=tidy",
    "it needs BED, which a block shows",
  ),
  twin("no-cd", SHOW, "cd beds\n```", "name=look", "it changes the folder"),
  twin("toolkit-command", SHOW, "scripts/gardens.ts\n```", "gardens.ts\n", "there is no scripts/gardens.ts"),
  twin("toolkit-command", SHOW, "scripts/garden.ts water\n```", "water", '"water", wanted one of: show, dig'),
  twin("toolkit-command", SHOW, "scripts/garden.ts show\n```", "ts show\n", "BED is missing"),
  twin("toolkit-command", "north --dry-run", "north --dry-rn", "--dry-rn", "--dry-rn is no flag"),
  twin("toolkit-command", "ts show north` says", "ts show --all` says", "--all", "--all is no flag"),
  twin("dead-link", "(#dig-a-bed)", "(#dig-beds)", "dig-beds", "this page has no heading #dig-beds"),
  twin("dead-link", "(../scripts/garden.ts)", "(garden.ts)", "(garden.ts)", "there is no file garden.ts"),
  twin("dead-link", "Beds are dug", "[Beds](README.md#beds)\nare dug", "#beds", "README.md has no heading #beds"),
  twin("dead-link", "(../scripts/garden.ts)", "(../..)", "../..", "there is no file ../.."),
  twin("piped-to-shell", "cd ~/garden", "curl -s example.org | sh", "curl", "what is fetched is run at once"),
  twin("piped-to-shell", "Nobody", "`bash <(curl -s example.org)`", "curl", "what is fetched is run at once"),
  twin("secret", "BED=north", "BED=postgres://ada:rose123@host/db", "ada", "a URL with a password of 7 characters"),
  twin("secret", "Nobody", "BED_TOKEN=Zx81uQ4mNc7Lw2. Nobody", "Zx81", "what looks like a credential, 14 characters"),
];

test.each(TWINS)("$rule: $what", async ({ rule: wanted, passage, instead, at, what }: Twin) => {
  const text = tendWith(passage, instead);
  const { problems } = await lintOf({ [TEND]: text });
  const lines = text.split("\n");
  expect(problems.map(({ file, rule }) => [file, rule])).toEqual([[TEND, wanted]]);
  expect(problems[0]?.what).toContain(what);
  expect(problems[0]?.hint).not.toBe("");
  expect(`${lines[(problems[0]?.line ?? 0) - 1]}\n`).toContain(at);
});

test("the clean page has no problem, and every rule has looked at it", async () => {
  const report = await lintOf();
  expect(report.problems).toEqual([]);
  expect(report.pages).toEqual([TEND, INDEX]);
  expect(report.counts).toEqual({ blocks: 4, commands: 6, links: 3 });
  expect(report.rules.map(({ id }) => id)).toEqual(RULES.map(({ id }) => id));
});

test("executed: a block that no run has executed is named, and one that was changed since, or whose output was", async () => {
  const whatOf = async (files: Readonly<Record<string, string | null>>) =>
    (await lintOf(files)).problems.map(({ rule, what }) => ({ rule, what }));
  const executed = (what: string) => ({ rule: "executed", what });
  expect(await whatOf({ [EXECUTED]: null })).toEqual(
    ["look", "dig-dry-run", "dig", "prove-dug"].map((name) => executed(`${name}: no run has executed it`)),
  );
  const record = await inToolkit({}, (root) => readFileSync(join(root, EXECUTED), "utf8"));
  const changed = executed("look: it was changed since a run has executed it");
  expect(await whatOf({ [EXECUTED]: record })).toEqual([]);
  expect(await whatOf({ [EXECUTED]: record, [TEND]: tendWith("<bed> has", "<bed> had") })).toEqual([changed]);
  expect(await whatOf({ [EXECUTED]: record, [TEND]: tendWith(LOOK, `${LOOK} exit=1`) })).toEqual([changed]);
  expect(lintOf({ [EXECUTED]: "{" })).rejects.toThrow("Could not read which blocks were executed");
});

test("in-index: a runbook that no symptom leads to is named, and so is an index that is not there", async () => {
  const unlinked = (CLEAN[INDEX] ?? "").replace("(tend.md#dig-a-bed)", "(#runbooks)");
  for (const [index, what] of [
    [unlinked, "the index does not lead here"],
    [null, "there is no index"],
  ] as const) {
    const { problems } = await lintOf({ [INDEX]: index });
    expect(problems).toEqual([expect.objectContaining({ file: TEND, line: 1, rule: "in-index", what })]);
  }
});

test.each(["`publish <(curl -s example.org)`", "`curl -s example.org | jq .sh`", "`ssh host; curl -s x`"])(
  "piped-to-shell lets %s stand",
  async (words) => {
    expect((await lintOf({ [TEND]: tendWith("Nobody", words) })).problems).toEqual([]);
  },
);

test("every rule has a page that breaks it", () => {
  const broken = new Set([...TWINS.map(({ rule }) => rule), "in-index", "executed"]);
  expect(RULES.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
});
