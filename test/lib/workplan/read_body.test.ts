import { describe, expect, test } from "bun:test";
import { parseWorkplan } from "../../../lib/workplan/parse_workplan.ts";
import { block, bytesOf, plan } from "./sample.ts";

/** A body under a sound front matter; lines are counted from the body's first. */
function read(body: string) {
  const reading = parseWorkplan("x.md", bytesOf(plan({}, body)));
  if (reading.state === "ignored") throw new Error("ignored");
  return {
    state: reading.state,
    tasks: reading.tasks.map(({ id }) => id.slice(-3)),
    titles: reading.tasks.map(({ title }) => title),
    failed: reading.failedBlocks.map(({ id }) => id?.slice(-3) ?? null),
    told: reading.problems.map(({ code, line, column }) => `${code} ${line - 12}:${column}`),
    problems: reading.problems,
  };
}

const good = block({ id: "STATE-WP-0001-T99" });
const bare = "id: STATE-WP-0001-T01\nstatus: todo\npriority: high\n";

describe("parseWorkplan() finds fences as CommonMark reads them", () => {
  const cases: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ["three backticks", block(), ["T01"], []],
    ["four tildes", block({}, "~~~~"), ["T01"], []],
    ["a longer closing line", `\`\`\`task\n${bare}\`\`\`\`\`  \n`, ["T01"], []],
    ["attributes behind the word", `\`\`\`task {.x} y\n${bare}\`\`\`\n`, ["T01"], []],
    ["a space before the word", `~~~ task\n${bare}~~~\n`, ["T01"], []],
    ["a word that only begins alike", `\`\`\`tasks\n${bare}\`\`\`\n`, [], []],
    ["another word first", `\`\`\`yaml task\n${bare}\`\`\`\n`, [], []],
    ["backticks inside a tilde fence", `~~~\n${block()}~~~\n`, [], []],
    ["a fence inside a longer fence", `\`\`\`\`\n${block()}\`\`\`\`\n`, [], []],
    ["an HTML comment", `<!--\n${block()}-->\n`, [], []],
    ["an HTML comment, indented", `  <!--\n${block()}-->\n`, [], []],
    ["an HTML element that a blank line ends", `<div>\n${block()}\n</div>\n\n`, [], []],
    ["an indented block", `    ${block().replaceAll("\n", "\n    ")}\n`, [], []],
    ["a fence indented by two", `  \`\`\`task\n  ${bare.replaceAll("\n", "\n  ")}\`\`\`\n`, ["T01"], []],
    ["a fence indented by two, its lines not", `  \`\`\`task\n${bare}  \`\`\`\n`, ["T01"], []],
    ["a list", `- a\n\n  \`\`\`task\n  ${bare.replaceAll("\n", "\n  ")}\`\`\`\n\n`, [], ["in_container 3:3"]],
    ["the line of a list mark", `- \`\`\`task\n  ${bare.replaceAll("\n", "\n  ")}\`\`\`\n\n`, [], ["in_container 1:3"]],
    ["a quote", `> \`\`\`task\n> id: x\n> \`\`\`\n\n`, [], ["in_container 1:3"]],
    ["a quote in a list", `1. > \`\`\`task\n   > \`\`\`\n\n`, [], ["in_container 1:6"]],
    ["a list before it", `- a\n- b\n${block()}`, ["T01"], []],
    ["a paragraph before it", `words\n${block()}`, ["T01"], []],
    ["a setext heading before it", `Title\n---\n${block()}`, ["T01"], []],
  ];
  for (const [what, body, tasks, told] of cases) {
    test(`parseWorkplan() reads ${what}`, () => {
      const found = read(`${body}${good}`);
      expect(found.tasks).toEqual([...tasks, "T99"]);
      expect(found.told).toEqual([...told]);
      expect(found.failed).toHaveLength(told.length);
    });
  }

  test("parseWorkplan() reports an unclosed block", () => {
    const found = read(`${good}\`\`\`task\n${bare}`);
    expect(found).toMatchObject({ state: "parsed", tasks: ["T99"], failed: [null], told: ["unclosed_fence 6:1"] });
  });

  test("parseWorkplan() reports an unclosed fence or comment that hides blocks, and stays silent if it hides none", () => {
    expect(read(`\`\`\`bash\nls\n${block()}`).told).toEqual([]);
    expect(read(`\`\`\`\`bash\nls\n${block()}`).told).toEqual(["unclosed_and_hiding 1:1"]);
    expect(read(`<!-- note\n${block()}`)).toMatchObject({ failed: [null], told: ["unclosed_and_hiding 1:1"] });
    expect(read(` <!-- note\n${block()}`).told).toEqual(["unclosed_and_hiding 1:2"]);
    expect(read(`${good}\`\`\`bash\nls\n`)).toMatchObject({ tasks: ["T99"], told: [] });
  });
});

describe("parseWorkplan() lets one bad block hide no other", () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, string | null>>, string, string | null])[] = [
    ["no id", { id: null }, "missing_key 1:1", null],
    ["a bad id", { id: "T01" }, "invalid_value 2:5", null],
    ["a bad status", { status: "doing" }, "invalid_value 3:9", "T01"],
    ["no priority", { priority: null }, "missing_key 1:1", "T01"],
    ["a bad date", { completed: "soon" }, "invalid_value 5:12", "T01"],
    ["needs_human that is neither", { needs_human: "maybe" }, "invalid_value 5:14", "T01"],
    ["a bad hub id", { state_hub_task_id: "1" }, "invalid_value 5:20", "T01"],
    ["a doubled key", { x: "1\nx: 2" }, "duplicate_key 6:1", "T01"],
    ["an alias", { x: "*y" }, "alias 5:4", "T01"],
    ["an open quote", { x: '"y' }, "unclosed_value 5:4", null],
    ["too much text", { x: "y".repeat(16_384) }, "too_large 2:1", null],
  ];
  for (const [what, changes, told, id] of wrong) {
    test(`parseWorkplan() fails a block with ${what} alone`, () => {
      const found = read(`${block(changes)}${good}`);
      expect(found).toMatchObject({ state: "parsed", tasks: ["T99"], failed: [id], told: [told] });
    });
  }

  test("parseWorkplan() fails both blocks of one task id, each naming the other's line", () => {
    const found = read(`${block()}${good}${block({ status: "done" })}`);
    expect(found).toMatchObject({
      tasks: ["T99"],
      failed: ["T01", "T01"],
      told: ["duplicate_task_id 2:5", "duplicate_task_id 12:5"],
    });
    expect(found.problems.map(({ message }) => message.match(/\d+$/)?.[0])).toEqual(["23", "13"]);
  });

  test("parseWorkplan() gives the place in an indented block as the file has it", () => {
    expect(read(`  \`\`\`task\n  id: STATE-WP-0001-T01\n status: x\n  priority: high\n  \`\`\`\n`).told).toEqual([
      "invalid_value 3:10",
    ]);
  });

  test("parseWorkplan() refuses a file of more than 1,000 blocks", () => {
    const body = Array.from({ length: 1001 }, (_, n) => block({ id: `A-T${1000 + n}` })).join("");
    expect(read(body)).toMatchObject({ state: "failed", told: ["too_many_blocks 5001:1"] });
  });
});

describe("parseWorkplan() takes the title from the heading above", () => {
  const titles: readonly (readonly [string, string])[] = [
    ["## T01 — Do it", "Do it"],
    ["### T1 - Do it", "Do it"],
    ["# T01: Do it #", "Do it"],
    ["#### STATE-WP-0001-T01 – Do it ##", "Do it"],
    ["T01 — Do it\n---", "Do it"],
    ["Do\nit\n===", "Do it"],
    ["## T01", "T01"],
    ["## Use `x` in C#", "Use `x` in C#"],
    ["## Tea", "Tea"],
    ["##", "STATE-WP-0001-T01"],
    ["no heading", "STATE-WP-0001-T01"],
    ["# Top\n\n- # in a list\n", "Top"],
    ["## T01 — a\u001b[31mb", "a[31mb"],
  ];
  for (const [heading, title] of titles) {
    test(`parseWorkplan() makes ${JSON.stringify(title)} of ${JSON.stringify(heading)}`, () => {
      expect(read(`${heading}\n\n${block()}`).titles).toEqual([title]);
    });
  }
});

describe("parseWorkplan() finds secrets and shows none", () => {
  // Assembled here, so that no scanner takes this file for a leak.
  const key = ["AKIA", "QWERTYUIOP234567"].join("");
  const url = "postgres://hub:hunter2@db.internal/hub";

  test("parseWorkplan() fails a front matter that holds one", () => {
    const reading = parseWorkplan("x.md", bytesOf(plan({ note: key }, good)));
    expect(reading).toMatchObject({
      state: "failed",
      id: "STATE-WP-0001",
      problems: [{ kind: "unsafe_content", code: "secret", line: 12, column: 7 }],
    });
    expect(JSON.stringify(reading)).not.toContain(key);
  });

  test("parseWorkplan() fails a block that holds one, or whose title does", () => {
    for (const body of [block({ note: key }), `## Use ${url}\n\n${block()}\n# Next\n`, block({ status: key })]) {
      const found = read(`${body}${good}`);
      expect(found).toMatchObject({ state: "parsed", tasks: ["T99"], failed: ["T01"] });
      expect(found.problems.map(({ kind }) => kind)).toContain("unsafe_content");
      expect(JSON.stringify(found)).not.toMatch(/AKIAQ|hunter2/);
    }
  });

  test("parseWorkplan() only tells of one in prose", () => {
    const found = read(`Use ${url} for it.\n\n${good}`);
    expect(found).toMatchObject({ state: "parsed", tasks: ["T99"], failed: [], told: ["secret 1:20"] });
    expect(found.problems[0]?.observed).toBe("a URL with a password of 7 characters");
  });

  test("parseWorkplan() fails a file with so many that a block's own might go unseen", () => {
    const found = read(`${`${url}\n`.repeat(60)}${block({ note: key })}`);
    expect(found.state).toBe("failed");
    expect(found.problems).toHaveLength(50);
  });
});
