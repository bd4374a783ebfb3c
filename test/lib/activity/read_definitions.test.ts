// What is refused, where it is pointed at, and that the others go on.
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { problemLine } from "../../../lib/activity/definition_problem.ts";
import { readDefinitions } from "../../../lib/activity/read_definitions.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { definitionText, toolkitWith } from "./definition_folder.ts";

let made: ReturnType<typeof toolkitWith> | null = null;
afterEach(() => made?.remove());

const SOUND_ONE = definitionText({
  id: "garden.weeding",
  uuid: "22222222-2222-4222-8222-222222222222",
  name: "Weeding",
});

/** Beside a sound definition, which has to go on whatever the other says. */
function problemsOf(text: string | Uint8Array, parse?: (line: string) => void) {
  made?.remove();
  made = toolkitWith({ "a.md": text, "sound.md": SOUND_ONE });
  const { definitions, problems } = readDefinitions(made.folder, parse);
  expect(definitions.map(({ file }) => file).filter((file) => file === "sound.md")).toEqual(["sound.md"]);
  expect(problems.every(({ file }) => file === "a.md")).toBe(true);
  return problems;
}

describe("readDefinitions()", () => {
  test("gives what a sound file says, with its file and the digest of what it says", () => {
    made = toolkitWith({ "a.md": definitionText(), "README.md": "# About\n", "notes.txt": "x" });
    const { definitions, problems } = readDefinitions(made.folder);
    expect(problems).toEqual([]);
    const [{ digest, ...definition } = { digest: "" }] = definitions;
    expect(definition).toEqual({
      id: "garden.watering",
      uuid: "11111111-1111-4111-8111-111111111111",
      name: "Watering",
      trigger: { cron: "*/15 * * * *" },
      timezone: "UTC",
      misfire_policy: "skip",
      max_seconds: 300,
      on_failure: "log_and_continue",
      enabled: true,
      requires: ["state-hub.health"],
      rule: "true",
      instruction: "scripts/consistency_check.ts --remote --all",
      file: "a.md",
    });
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    made.write(
      "a.md",
      definitionText({ name: null, instruction: null }).replace(
        "---\n\n",
        'instruction: scripts/consistency_check.ts --remote --all\nname: "Watering"\n---\r\n\n',
      ),
    );
    expect(readDefinitions(made.folder).definitions[0]?.digest).toBe(digest);
  });

  test("takes an event in place of a schedule", () => {
    made = toolkitWith({ "a.md": definitionText({ trigger: "{event: org.statehub.workstream.completed}" }) });
    const { definitions, problems } = readDefinitions(made.folder);
    expect(problems).toEqual([]);
    expect(definitions[0]?.trigger).toEqual({ event: "org.statehub.workstream.completed" });
  });

  const refused: readonly [what: string, changes: Record<string, string | null>, line: number, says: string][] = [
    ["a key that nobody knows, with the nearest one", { owner: "me" }, 15, "a key that no definition has: owner"],
    ["a key that is missing", { timezone: null }, 1, "The key timezone is missing"],
    ["a key without a value", { rule: "" }, 13, "The key rule has no value"],
    ["a key that stands twice", { rule: '"x"\nname: Again' }, 14, 'The key "name" stands here a second time'],
    ["another time zone", { timezone: "Europe/Berlin" }, 7, "Europe/Berlin, wanted UTC"],
    ["a time zone in the schedule", { trigger: '\n  cron: "TZ=UTC 0 3 * * *"' }, 6, "a time zone of its own"],
    ["CRON_TZ in the schedule", { trigger: '\n  cron: "CRON_TZ=Asia/Tokyo 0 3 * * *"' }, 6, "a time zone of its own"],
    ["six fields", { trigger: '\n  cron: "0 */15 * * * *"' }, 6, "6 fields"],
    ["a word for a schedule", { trigger: '\n  cron: "@daily"' }, 6, "a word in place of the five fields"],
    ["L", { trigger: '\n  cron: "0 3 L * *"' }, 6, "mean different things"],
    ["#", { trigger: '\n  cron: "0 3 * * 5#2"' }, 6, "mean different things"],
    ["?", { trigger: '\n  cron: "0 3 ? * *"' }, 6, "mean different things"],
    [
      "both days restricted",
      { trigger: '\n  cron: "0 3 1 * 1"' },
      6,
      "day of month and day of week are both restricted",
    ],
    ["a schedule that never fires", { trigger: '\n  cron: "0 3 30 2 *"' }, 6, "it never fires"],
    ["an unquoted star", { trigger: "\n  cron: */15 * * * *" }, 6, "not valid YAML"],
    [
      "slots as close as the starting deadline",
      { trigger: '\n  cron: "*/2 * * * *"', max_seconds: "60" },
      6,
      "only 120 s apart",
    ],
    ["a budget that reaches the next slot", { max_seconds: "900" }, 9, "900 s, and two slots are 900 s apart"],
    ["a budget across midnight", { trigger: '\n  cron: "0,55 0,23 * * *"' }, 9, "300 s, and two slots are 300 s apart"],
    [
      "schedule and event at once",
      { trigger: '{cron: "0 3 * * *", event: org.a.b}' },
      5,
      "wanted either cron or event",
    ],
    ["an event with a wildcard", { trigger: "{event: org.statehub.>}" }, 5, "wanted either cron or event"],
    ["a name of 53 characters", { id: `x.${"a".repeat(53)}` }, 2, "at most 52"],
    ["a name that is no DNS label", { id: "garden.Water_ing" }, 2, "The value of id can't be used"],
    ["an id without an owner", { id: "watering" }, 2, "The value of id can't be used"],
    ["a name that ends in a dash", { id: "garden.water-" }, 2, "The value of id can't be used"],
    ["a number for a name", { name: "42" }, 4, "The value of name can't be used: 42"],
    ["a boolean for a rule", { rule: "true" }, 13, "The value of rule can't be used: true"],
    [
      "yes, which is no text and no boolean everywhere",
      { enabled: "yes" },
      11,
      "The value of enabled can't be used: yes",
    ],
    ["a budget in quotes", { max_seconds: '"300"' }, 9, '"300", wanted a whole number'],
    ["half a second", { max_seconds: "0.5" }, 9, "wanted a whole number"],
    ["a requirement that nobody knows", { requires: "[moon]" }, 12, "wanted a list of: state-hub.health"],
    ["an instruction that is no script", { instruction: "rm -rf /" }, 14, "wanted scripts/NAME.ts"],
    ["an instruction for a shell", { instruction: "scripts/state_hub.ts status; id" }, 14, "wanted scripts/NAME.ts"],
    ["a path out of scripts/", { instruction: "scripts/../x.ts" }, 14, "wanted scripts/NAME.ts"],
    ["a flag that unit and CronJob add", { instruction: "scripts/a.ts --max-seconds=9" }, 14, "--max-seconds=9"],
    ["an escape sequence in a name", { name: '"a\\e[31mb"' }, 4, "control character"],
    ["a mark that turns the text's direction", { name: '"a\u202eb"' }, 4, 'The value of name can\'t be used: "a b"'],
    ["an anchor", { name: "&a Watering" }, 4, "anchor"],
    ["a prototype", JSON.parse('{"__proto__": "x"}'), 15, "no definition has: __proto__"],
  ];
  for (const [what, changes, line, says] of refused) {
    test(`refuses ${what}, with its line, and goes on with the others`, () => {
      const said = problemsOf(definitionText(changes)).map(problemLine);
      expect(said).toHaveLength(1);
      expect(said[0]).toStartWith(`a.md:${line}:`);
      expect(said[0]).toContain(says);
    });
  }

  test("says how to write what YAML reads as something else", () => {
    const hintOf = (changes: Record<string, string>) => problemsOf(definitionText(changes)).map(({ hint }) => hint);
    expect(hintOf({ name: "12:30" })).toEqual(['YAML does not read that as text: put it in quotes, `name: "12:30"`']);
    expect(hintOf({ rule: "on" })).toEqual(['YAML does not read that as text: put it in quotes, `rule: "on"`']);
    expect(hintOf({ max_seconds: "'300'" })).toEqual(["Take the quotes away: `max_seconds: 300`"]);
    expect(hintOf({ ownr: "x", owner: "y" })).toHaveLength(2);
    expect(hintOf({ triger: "x" })).toEqual(["Write `trigger`"]);
  });

  test("tells everything that is wrong with a file, in the order of its lines", () => {
    const problems = problemsOf(
      definitionText({
        id: "X",
        trigger: '\n  cron: "0 25 * * *"',
        timezone: "CET",
        max_seconds: "0",
        instruction: "ls",
        owner: "me",
      }),
    );
    expect(problems.map(({ line, key }) => [line, key])).toEqual([
      [2, "id"],
      [6, "trigger"],
      [7, "timezone"],
      [9, "max_seconds"],
      [14, "instruction"],
      [15, "owner"],
    ]);
  });

  test("asks what it is given whether a script accepts the instruction, and says why not", () => {
    const asked: string[] = [];
    const parse = (line: string) => {
      asked.push(line);
      if (line.includes("--remote"))
        throw new OpsFailure("Could not use it", { observed: "--remote is unknown", hint: "try --help" });
    };
    const changes = { instruction: "scripts/state_hub.ts status" };
    expect(problemsOf(definitionText(changes), () => {})).toEqual([]);
    made?.remove();
    made = toolkitWith({ "a.md": definitionText(), "b.md": SOUND_ONE.replace(" --remote --all", "") });
    const { problems, definitions } = readDefinitions(made.folder, parse);
    expect(problems).toMatchObject([
      { file: "a.md", line: 14, key: "instruction", observed: "--remote is unknown", hint: "try --help" },
    ]);
    expect(definitions.map(({ file }) => file)).toEqual(["b.md"]);
    expect(asked).toEqual(["scripts/consistency_check.ts --remote --all", "scripts/consistency_check.ts"]);
  });

  test("never runs front matter that is code", () => {
    const ran = join(import.meta.dir, `.ran-${process.pid}`);
    for (const word of ["js", "javascript", "json", "coffee"]) {
      const code = `---${word}\nrequire("node:fs").writeFileSync(${JSON.stringify(ran)}, "x")\n---\n`;
      expect(problemsOf(code).map(problemLine)[0]).toStartWith(
        "a.md:1:1: The first line begins with --- but holds more",
      );
    }
    expect(existsSync(ran)).toBe(false);
  });

  test("refuses what is no text, too long, no file or without front matter", () => {
    const first = (text: string | Uint8Array) => problemLine(problemsOf(text)[0] ?? expect.unreachable());
    expect(first("# prose\n")).toStartWith("a.md:1:1: The file has no front matter");
    expect(first(`${definitionText()}${"x".repeat(65_536)}`)).toStartWith("a.md:1:1: The file is too large");
    expect(first(definitionText({ rule: `"${"x".repeat(9_000)}"` }))).toContain("The front matter is too large");
    expect(first(Buffer.concat([Buffer.from("---\n\n"), Uint8Array.of(0xff, 0xff)]))).toStartWith(
      "a.md:3:1: The file is no UTF-8",
    );
    expect(first("---\nid: x\n")).toContain("is not closed");
    made?.remove();
    made = toolkitWith({ "sound.md": SOUND_ONE });
    Bun.spawnSync(["mkfifo", join(made.folder, "pipe.md")]);
    const { problems, definitions } = readDefinitions(made.folder);
    expect(problems.map(problemLine)).toEqual(["pipe.md:1:1: The file can't be read: it is no plain file"]);
    expect(definitions).toHaveLength(1);
  });

  test("uses neither of two that share id, uuid, name or the name of their units, and names both", () => {
    const other = { id: "shed.painting", uuid: "33333333-3333-4333-8333-333333333333", name: "Painting" };
    const sharing: [keyof typeof other, string, number][] = [
      ["id", "garden.watering", 2],
      ["uuid", "11111111-1111-4111-8111-111111111111", 3],
      ["name", "Watering", 4],
      ["id", "shed.watering", 2],
    ];
    for (const [key, value, line] of sharing) {
      made?.remove();
      made = toolkitWith({
        "a.md": definitionText(),
        "b.md": definitionText({ ...other, [key]: value }),
        "sound.md": SOUND_ONE,
      });
      const { definitions, problems } = readDefinitions(made.folder);
      expect(definitions.map(({ file }) => file)).toEqual(["sound.md"]);
      expect(problems.map((problem) => [problem.file, problem.line])).toEqual([
        ["a.md", line],
        ["b.md", line],
      ]);
      expect(problems[0]?.message).toEndWith(", in b.md");
      expect(problems[1]?.message).toEndWith(", in a.md");
    }
  });

  test("throws for a folder that is not there", () => {
    expect(() => readDefinitions("/nowhere/at/all")).toThrow("Could not read the folder of activity definitions");
  });
});
