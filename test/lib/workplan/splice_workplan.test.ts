import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseWorkplan } from "../../../lib/workplan/parse_workplan.ts";
import { type Edit, spliceWorkplan } from "../../../lib/workplan/splice_workplan.ts";
import { block, bytesOf, FRONT, plan, TASK } from "./sample.ts";

const HUB_ID = "669d810a-53f4-448b-a0c1-a6543daa7c44";
const OTHER_ID = "019a0000-0000-7000-8000-000000000001";
const T01 = { task: "STATE-WP-0001-T01" };

function splice(text: string, ...edits: Edit[]): string {
  const result = spliceWorkplan("x.md", bytesOf(text), edits);
  if ("refused" in result) throw new Error(`${result.refused.code}: ${result.refused.message}`);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(result.bytes);
}

function refusal(text: string, edit: Edit): string | null {
  const result = spliceWorkplan("x.md", bytesOf(text), [edit]);
  return "refused" in result ? result.refused.code : null;
}

const newHubId = (target: Edit["target"]): Edit => ({
  target,
  key: target === "workplan" ? "state_hub_workstream_id" : "state_hub_task_id",
  value: HUB_ID,
  replaces: null,
});
const done = (replaces: string | null = "todo"): Edit => ({ target: T01, key: "status", value: "done", replaces });
const completed = (replaces: string | null = null): Edit => ({
  target: T01,
  key: "completed",
  value: "2026-11-21",
  replaces,
});

describe("spliceWorkplan() changes the values and nothing else", () => {
  test("spliceWorkplan() adds a key as the last of the front matter and of the block, double-quoted", () => {
    const text = plan({}, `words\n${block()}`);
    const wanted = text
      .replace('22"\n---\n', `22"\nstate_hub_workstream_id: "${HUB_ID}"\n---\n`)
      .replace("high\n```", `high\nstate_hub_task_id: "${HUB_ID}"\n\`\`\``);
    expect(splice(text, newHubId("workplan"), newHubId(T01))).toBe(wanted);
  });

  test("spliceWorkplan() takes a completed date away and leaves the key, and of an absent one leaves everything", () => {
    const cleared: Edit = { target: T01, key: "completed", value: "", replaces: "2026-11-20" };
    for (const [before, after] of [
      ['"2026-11-20"', '""'],
      ["2026-11-20", ""],
      ["'2026-11-20' # at last", "'' # at last"],
    ] as const) {
      const text = (value: string) => plan({}, block({ ...TASK, completed: value }));
      expect(splice(text(before), cleared)).toBe(text(after));
      expect(splice(text(after), cleared)).toBe(text(after));
    }
    expect(splice(plan({}, block()), { ...cleared, replaces: null })).toBe(plan({}, block()));
  });

  test("spliceWorkplan() keeps a byte order mark, CRLF and a missing final newline", () => {
    const text = `\ufeff${plan({}, block()).replaceAll("\n", "\r\n").trimEnd()}`;
    const wanted = text
      .replace("high\r\n", `high\r\nstate_hub_task_id: "${HUB_ID}"\r\n`)
      .replace('22"\r\n', `22"\r\nstate_hub_workstream_id: "${HUB_ID}"\r\n`);
    expect(splice(text, newHubId("workplan"), newHubId(T01))).toBe(wanted);
  });

  const spans: readonly (readonly [string, string, string])[] = [
    ["plain", "todo", "done"],
    ["double-quoted", '"todo"', '"done"'],
    ["single-quoted", "'todo'", "'done'"],
    ["commented", "todo   # since May", "done   # since May"],
    ["followed by blanks", '"todo"  ', '"done"  '],
  ];
  for (const [what, before, after] of spans) {
    test(`spliceWorkplan() replaces a value that is ${what} in its own style`, () => {
      const text = plan({}, block({ status: before }));
      expect(splice(text, done())).toBe(text.replace(`status: ${before}`, `status: ${after}`));
    });
  }

  test("spliceWorkplan() fills an empty key, with or without a null in it", () => {
    for (const empty of ["completed:", "completed: ", "completed: # when?", "completed: ~", "completed: null"]) {
      const text = plan({}, block().replace("priority", `${empty}\npriority`));
      expect(splice(text, completed())).toContain('\ncompleted: "2026-11-21"');
    }
  });

  test("spliceWorkplan() writes into an indented block with its indentation", () => {
    const text = plan({}, `  \`\`\`task\n  id: ${T01.task}\n  status: todo\n  priority: low\n  \`\`\`\n`);
    expect(splice(text, done(), completed())).toBe(
      text.replace("todo", "done").replace("low\n", 'low\n  completed: "2026-11-21"\n'),
    );
  });

  test("spliceWorkplan() finds the task by its id, wherever its block has moved to", () => {
    const other = block({ id: "STATE-WP-0001-T02" });
    const text = plan({}, `${other}\n${block()}\n`);
    expect(splice(text, done())).toBe(plan({}, `${other}\n${block({ status: "done" })}\n`));
  });

  test("spliceWorkplan() writes into the sound blocks of a file that has a bad one", () => {
    const text = plan({}, `${block({ id: "STATE-WP-0001-T02", status: "x" })}${block()}`);
    expect(splice(text, done())).toBe(text.replace("status: todo", "status: done"));
  });

  test("spliceWorkplan() gives back the same bytes when the value already stands there", () => {
    const bytes = bytesOf(plan({ state_hub_workstream_id: HUB_ID.toUpperCase() }, block({ status: "done" })));
    const result = spliceWorkplan("x.md", bytes, [newHubId("workplan"), done("todo")]);
    expect(result).toEqual({ bytes });
  });

  test("spliceWorkplan() writes hub ids into the real plans and changes two lines", () => {
    const text = readFileSync(join(import.meta.dir, "fixtures", "STATE-WP-0064.md"), "utf8");
    const edits: Edit[] = [
      { target: "workplan", key: "state_hub_workstream_id", value: OTHER_ID, replaces: HUB_ID },
      { target: { task: "STATE-WP-0064-T03" }, key: "completed", value: "2026-06-21", replaces: null },
    ];
    const before = text.split("\n");
    const after = splice(text, ...edits).split("\n");
    expect(after.filter((line) => !before.includes(line))).toEqual([
      `state_hub_workstream_id: "${OTHER_ID}"`,
      'completed: "2026-06-21"',
    ]);
    expect(after).toHaveLength(before.length + 1);
  });
});

describe("spliceWorkplan() refuses rather than guesses", () => {
  const refused: readonly (readonly [string, string, Edit, string])[] = [
    ["a value that somebody changed", plan({}, block({ status: "blocked" })), done("todo"), "raced"],
    ["a key that somebody added", plan({}, block({ completed: "2026-01-01" })), completed(), "raced"],
    ["a key that somebody took out", plan({}, block()), completed("2026-01-01"), "raced"],
    ["a task that is gone", plan({}, block({ id: "STATE-WP-0001-T02" })), done(), "no_such_task"],
    ["a task in a bad block", plan({}, block({ priority: "x" })), done(), "no_such_task"],
    ["a task id that stands twice", plan({}, block() + block()), done(), "no_such_task"],
    ["a file that can't be read", plan({ owner: null }, block()), done(), "file_not_parsed"],
    ["a file that is no workplan", "# note\n", done(), "file_not_parsed"],
    ["a status that is none", plan({}, block()), { ...done(), value: "finished" }, "not_our_key"],
    ["a value with YAML in it", plan({}, block()), { ...done(), value: "done\nx: y" }, "not_our_key"],
    ["a key of the other target", plan({}, block()), { ...newHubId(T01), target: "workplan" }, "not_our_key"],
    ["a workplan's completed", plan({}, block()), { ...completed(), target: "workplan" }, "not_our_key"],
  ];
  for (const [what, text, edit, code] of refused) {
    test(`spliceWorkplan() refuses ${what} as ${code}`, () => {
      expect(refusal(text, edit)).toBe(code);
    });
  }

  test("spliceWorkplan() refuses two edits that add one key twice", () => {
    const result = spliceWorkplan("x.md", bytesOf(plan({}, block())), [
      completed(),
      { ...completed(), value: "2026-11-22" },
    ]);
    expect(result).toMatchObject({ refused: { code: "splice_not_proven" } });
  });
});

const comment = fc.constantFrom("", " # why", "  # ä — 😀");
const quoted = (value: string) => fc.constantFrom(value, `"${value}"`, `'${value}'`);
const file = fc
  .record({
    bom: fc.boolean(),
    eol: fc.constantFrom("\n", "\r\n"),
    ended: fc.boolean(),
    front: fc.shuffledSubarray(Object.entries(FRONT), { minLength: 10 }),
    hub: fc.option(quoted(OTHER_ID)),
    status: quoted("todo"),
    done: fc.option(quoted("2026-01-01")),
    note: comment,
    prose: fc.constantFrom(
      "",
      "Prose — with é and 😀.\n\n",
      "- a list\n\n  ```bash\n  ls\n  ```\n\nEnd.\n\n",
      "# T01 — x\n\n",
    ),
    extra: fc.constantFrom("", "notes: |\n  two\n  lines\n", "# a comment\n\n", "tags: [a, 'b']\n"),
    indent: fc.constantFrom("", "  "),
    fence: fc.constantFrom("```", "~~~~"),
  })
  .map((f) => {
    const front = f.front.map(([key, value]) => `${key}: ${value}${f.note}\n`).join("");
    const hub = f.hub === null ? "" : `state_hub_workstream_id: ${f.hub}${f.note}\n`;
    const date = f.done === null ? "" : `completed: ${f.done}${f.note}\n`;
    const task = `id: ${TASK.id}\n${date}status: ${f.status}${f.note}\npriority: high\n${f.extra}`;
    const shown = `${f.fence}task\n${task}${f.fence}\n`.replace(/^(?=.)/gm, f.indent);
    const text = `---\n${hub}${front}${f.extra}---\n${f.prose}${shown}${f.prose}`;
    const whole = (f.ended ? text : text.trimEnd()).replaceAll("\n", f.eol);
    return { text: (f.bom ? "\ufeff" : "") + whole, hub: f.hub && OTHER_ID, completed: f.done && "2026-01-01" };
  });

test("spliceWorkplan() changes only its spans, reads back as meant, and does nothing the second time", () => {
  fc.assert(
    fc.property(file, ({ text, hub, completed: before }) => {
      const edits: Edit[] = [{ ...newHubId("workplan"), replaces: hub }, done(), completed(before)];
      const result = splice(text, ...edits);
      const reading = parseWorkplan("x.md", bytesOf(result));
      expect(reading).toMatchObject({
        state: "parsed",
        workplan: { hubId: HUB_ID },
        tasks: [{ status: "done", completed: "2026-11-21" }],
      });
      expect(splice(result, ...edits)).toBe(result);
      // Undone by plain text replacement, the result is the file again, byte for byte.
      const added = /^ *(?:state_hub_workstream_id|completed): "[^"]*"\r?\n(?= *(?:---|```|~~~~))/gm;
      const undone = result
        .replace(added, (line) => (line.includes("state_hub") ? (hub ? line : "") : before ? line : ""))
        .replace(HUB_ID, OTHER_ID)
        .replace("2026-11-21", "2026-01-01")
        .replace(/(status: ["']?)done/, "$1todo");
      expect(undone).toBe(text);
    }),
    { numRuns: 400 },
  );
});
