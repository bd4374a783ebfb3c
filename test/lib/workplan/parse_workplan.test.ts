import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseWorkplan } from "../../../lib/workplan/parse_workplan.ts";
import type { FailedReading, ParsedReading } from "../../../lib/workplan/types.ts";
import { block, bytesOf, plan } from "./sample.ts";

const HUB_ID = "669d810a-53f4-448b-a0c1-a6543daa7c44";

function read(text: string | Uint8Array) {
  return parseWorkplan("workplans/x.md", typeof text === "string" ? bytesOf(text) : text);
}

function parsed(text: string): ParsedReading {
  const reading = read(text);
  if (reading.state !== "parsed") throw new Error(JSON.stringify(reading));
  return reading;
}

function failed(text: string | Uint8Array): FailedReading {
  const reading = read(text);
  if (reading.state !== "failed") throw new Error(JSON.stringify(reading));
  return reading;
}

const told = ({ problems }: ParsedReading | FailedReading) =>
  problems.map(({ kind, code, line, column }) => [kind, code, line, column]);

describe("parseWorkplan() reads real plans", () => {
  const fixtures = join(import.meta.dir, "fixtures");
  const expected: Readonly<Record<string, number>> = {
    "CUST-WP-0011.md": 9,
    "CUST-WP-0038.md": 8,
    "STATE-WP-0064.md": 5,
  };

  test("parseWorkplan() has a number of tasks to expect for every fixture", () => {
    expect(readdirSync(fixtures).sort()).toEqual(Object.keys(expected).sort());
  });

  for (const [name, tasks] of Object.entries(expected)) {
    test(`parseWorkplan() finds all ${tasks} tasks of ${name} and nothing wrong`, () => {
      const reading = parsed(readFileSync(join(fixtures, name), "utf8"));
      expect(reading.problems).toEqual([]);
      expect(reading.tasks.map(({ id }) => id)).toEqual(
        Array.from({ length: tasks }, (_, n) => `${name.slice(0, -3)}-T0${n + 1}`),
      );
      expect(reading.tasks.every(({ hubId }) => hubId !== null)).toBe(true);
    });
  }

  test("parseWorkplan() gives every field, with the place of each key", () => {
    const { workplan, tasks } = parsed(
      plan(
        { depends_on: "[A-WP-0001, A-WP-0002]", state_hub_workstream_id: `"${HUB_ID.toUpperCase()}"`, when: "12:30" },
        `\n## T01 — Do it ##\n\n${block({ completed: "2026-06-23", needs_human: "true", intervention_note: '"ask: why"', size: "3" })}`,
      ),
    );
    expect(workplan).toMatchObject({
      id: "STATE-WP-0001",
      title: "A plan",
      created: "2026-06-21",
      dependsOn: ["A-WP-0001", "A-WP-0002"],
      hubId: HUB_ID,
      extra: { when: "12:30" },
      followUpWorkplan: null,
    });
    expect(workplan.places.status).toEqual({ line: 7, column: 1 });
    expect(tasks).toEqual([
      {
        id: "STATE-WP-0001-T01",
        title: "Do it",
        status: "todo",
        priority: "high",
        completed: "2026-06-23",
        needsHuman: true,
        interventionNote: "ask: why",
        hubId: null,
        extra: { size: "3" },
        line: 19,
        column: 1,
        places: expect.objectContaining({ id: { line: 20, column: 1 }, size: { line: 26, column: 1 } }),
      },
    ]);
  });
});

describe("parseWorkplan() tells workplans from other files", () => {
  const ignored: Readonly<Record<string, string>> = {
    "an empty file": "",
    "blank lines": "\n \n",
    "plain prose": "# Notes\n\n---\nid: X\n---\n",
    "a first line that is not the fence": "\n---\ntype: workplan\n---\n",
    "another type": plan({ type: "adr" }),
    "another type with lists": "---\ntype: note\ntags:\n  - a\n---\n",
    "another type with a carriage return in its text": "---\ntype: note\n---\na\rb\n",
  };
  for (const [what, text] of Object.entries(ignored)) {
    test(`parseWorkplan() ignores ${what}`, () => {
      expect(read(text)).toEqual({ state: "ignored", path: "workplans/x.md" });
    });
  }

  const utf16 = new Uint8Array(Buffer.from("\ufeff---\ntype: workplan\n", "utf16le"));
  const latin1 = Buffer.from(plan({ title: "Pl\xe4ne" }), "latin1");
  const whole: readonly (readonly [string, string | Uint8Array, string, number, number])[] = [
    ["front matter in JavaScript", "---js\n({id: 1})\n---\n", "opening_line", 1, 1],
    ["front matter in JSON", '---json\n{"type": "workplan"}\n---\n', "opening_line", 1, 1],
    ["front matter in TOML", '---toml\ntype = "workplan"\n---\n', "opening_line", 1, 1],
    ["front matter in CoffeeScript", "---coffee\ntype: 'workplan'\n---\n", "opening_line", 1, 1],
    ["a space behind the fence", "--- \ntype: workplan\n---\n", "opening_line", 1, 1],
    ["front matter without an end", "---\ntype: workplan\n", "unclosed", 1, 1],
    ["a closing line that is more", "---\ntype: workplan\n---x\n---\n", "closing_line", 3, 1],
    ["UTF-16", utf16, "utf16", 1, 1],
    ["a byte that is not UTF-8", new Uint8Array(latin1), "invalid_utf8", 4, 10],
    ["a sequence cut short at the end", new Uint8Array([...bytesOf(plan()), 0xe2, 0x82]), "invalid_utf8", 13, 1],
    ["a NUL byte, even in prose", "# Notes\nab\0c\n", "nul_byte", 2, 3],
    ["conflict markers", plan({}, "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\n"), "conflict_markers", 14, 1],
    ["conflict markers in prose", "a\r\n<<<<<<< HEAD\r\nb\r\n>>>>>>> x\r\n", "conflict_markers", 2, 1],
    ["lone carriage returns throughout", "---\rtype: workplan\r---\r", "lone_carriage_return", 1, 4],
    ["a lone carriage return in the front matter", "---\ntype: work\rplan\n---\n", "lone_carriage_return", 2, 11],
    ["more than 1 MiB", "x".repeat(1024 * 1024 + 1), "file_too_large", 1, 1],
  ];
  for (const [what, text, code, line, column] of whole) {
    test(`parseWorkplan() fails ${what} as ${code}`, () => {
      const { problems } = failed(text);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ code, line, column });
    });
  }

  test("parseWorkplan() takes a lone marker of a merge for text", () => {
    expect(read("a\n<<<<<<< HEAD\n").state).toBe("ignored");
    expect(read("text <<<<<<< a\n>>>>>>> b\n").state).toBe("ignored");
  });

  test("parseWorkplan() recovers the ids of a file that it can't read, where only one line could be meant", () => {
    const text = plan({ state_hub_workstream_id: HUB_ID, broken: '"open' }, block());
    expect(failed(text)).toMatchObject({ id: "STATE-WP-0001", hubId: HUB_ID });
    expect(failed(text.replace("id: STATE", "id: X-WP-0001\nid: STATE")).id).toBeNull();
  });
});

test("parseWorkplan() takes an intervention note of several lines", () => {
  const text = plan({}, `\n${block({ needs_human: "true", intervention_note: "|\n  Which name?\n  And why?" })}`);
  expect(parsed(text).tasks[0]?.interventionNote).toBe("Which name?\nAnd why?");
});

describe("parseWorkplan() names what is wrong in front matter", () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, string | null>>, string, string, number, number])[] =
    [
      ["no type", { type: null }, "front_matter_incomplete", "missing_type", 1, 1],
      ["an empty type", { type: "" }, "front_matter_incomplete", "missing_type", 1, 1],
      ["a type that is a list", { type: "[workplan]" }, "front_matter_invalid", "type_not_text", 3, 7],
      ["no owner", { owner: null }, "front_matter_incomplete", "missing_key", 1, 1],
      ["an empty owner", { owner: "" }, "front_matter_incomplete", "empty_value", 8, 1],
      ["an owner of null", { owner: "~" }, "front_matter_incomplete", "empty_value", 8, 1],
      ["an id in small letters", { id: "state-wp-0001" }, "front_matter_invalid", "invalid_value", 2, 5],
      ["a short id", { id: "STATE-WP-001" }, "front_matter_invalid", "invalid_value", 2, 5],
      ["an unknown status", { status: "doing" }, "front_matter_invalid", "invalid_value", 7, 9],
      ["a day that doesn't exist", { created: "2026-02-30" }, "front_matter_invalid", "invalid_value", 10, 10],
      ["a day of the year zero", { created: "0000-01-01" }, "front_matter_invalid", "invalid_value", 10, 10],
      ["a hub id that is none", { state_hub_workstream_id: "x" }, "front_matter_invalid", "invalid_value", 12, 26],
      ["a title of two lines", { title: "|\n  a\n  b" }, "front_matter_invalid", "not_one_line", 4, 8],
      ["a title that is a list", { title: "[a]" }, "front_matter_invalid", "not_one_line", 4, 8],
      ["a depends_on that is a mapping", { depends_on: "{a: b}" }, "front_matter_invalid", "not_an_id_list", 12, 13],
      ["an anchor", { x: "&a b" }, "front_matter_unreadable", "anchor", 12, 7],
      ["a tag", { x: "!!set {a}" }, "front_matter_unreadable", "tag", 12, 10],
      ["a merge key", { "<<": "{a: b}" }, "front_matter_unreadable", "merge_key", 12, 1],
      ["a tab", { x: "\n\ty: z" }, "front_matter_unreadable", "tab_indentation", 13, 1],
      ["a doubled key", { x: "1\nstatus: done" }, "front_matter_unreadable", "duplicate_key", 13, 1],
      ["deep nesting", { x: "[".repeat(40) }, "unsafe_content", "too_deep", 12, 20],
    ];
  for (const [what, changes, kind, code, line, column] of wrong) {
    test(`parseWorkplan() fails ${what}: ${code} at ${line}:${column}`, () => {
      const reading = failed(plan(changes, block()));
      expect(told(reading)).toEqual([[kind, code, line, column]]);
      expect(reading.tasks).toHaveLength(1);
    });
  }

  test("parseWorkplan() tells all that is wrong at once, and shows no long value whole", () => {
    const { problems } = failed(plan({ status: "s".repeat(500), owner: null, created: "x" }, block({ status: "x" })));
    expect(problems.map(({ code }) => code)).toEqual([
      "invalid_value",
      "missing_key",
      "invalid_value",
      "invalid_value",
    ]);
    expect(problems[0]?.observed).toBe(`${"s".repeat(79)}…`);
  });

  test("parseWorkplan() fails 60,000 keys and 64 KiB of front matter as unsafe", () => {
    const keys = Array.from({ length: 60_000 }, (_, n) => `k${n}: v\n`).join("");
    expect(told(failed(`---\n${keys}---\n`))).toEqual([["unsafe_content", "too_large", 2, 1]]);
    const fewer = keys.slice(0, 60_000).replace(/[^\n]*$/, "");
    expect(told(failed(plan({}, "").replace("---\nid", `---\n${fewer}id`)))[0]?.slice(0, 2)).toEqual([
      "unsafe_content",
      "too_many_keys",
    ]);
    expect(told(failed(`---\na: ${"ä".repeat(40_000)}\n---\n`))[0]?.slice(0, 2)).toEqual([
      "unsafe_content",
      "too_large",
    ]);
  });

  test("parseWorkplan() fails a second front matter, but not a rule below the first", () => {
    expect(told(failed(plan({}, "\n---\nid: X\n---\n")))).toEqual([
      ["front_matter_invalid", "second_front_matter", 14, 1],
    ]);
    expect(parsed(plan({}, "\n---\n\nText: more\n\n---\n")).problems).toEqual([]);
  });

  test("parseWorkplan() fails a lone carriage return in the body", () => {
    expect(told(failed(plan({}, "ab\rc\n")))).toEqual([["front_matter_unreadable", "lone_carriage_return", 13, 3]]);
  });
});

describe("parseWorkplan() keeps CRLF, a byte order mark and a missing final newline out of the values", () => {
  const text = plan({ owner: "codex # a comment" }, `## T1 - Do\n${block()}`).trimEnd();
  for (const [what, variant] of Object.entries({
    crlf: text.replaceAll("\n", "\r\n"),
    bom: `\ufeff${text}`,
    both: `\ufeff${text.replaceAll("\n", "\r\n")}`,
  })) {
    test(`parseWorkplan() reads the same from ${what}`, () => {
      const { path: _, ...rest } = parsed(text);
      expect(parsed(variant)).toMatchObject(rest);
    });
  }
});

test("parseWorkplan() refuses names that are too long for the hub's indexes", () => {
  const long = "x".repeat(201);
  for (const key of ["domain", "topic_slug", "depends_on"]) {
    expect(failed(plan({ [key]: long })).problems[0]).toMatchObject({ kind: "front_matter_invalid" });
    expect(read(plan({ [key]: long.slice(1) })).state).toBe("parsed");
  }
});
