// What only a real (pseudo) terminal shows: colour per stream, the spinner, widths.
import { describe, expect, test } from "bun:test";
import { once, runOnTerminal } from "./spawn_fixture.ts";

const ESC = "\x1b";

describe.concurrent("main() on a terminal", () => {
  test("paints", async () => {
    const { out } = await runOnTerminal("flat.ts", ["--all"], 80);
    expect(out).toContain(`${ESC}[32mrepo${ESC}[39m all`);
  });

  const plain: [string, Record<string, string>][] = [
    ["NO_COLOR", { NO_COLOR: "1" }],
    ["TERM=dumb", { TERM: "dumb" }],
    ["LOG_FORMAT=json", { LOG_FORMAT: "json" }],
  ];
  test.each(plain)("sends no escape code with %s, not from the table either", async (_name, env) => {
    const [flat, table] = await Promise.all([
      runOnTerminal("flat.ts", ["--all", "--act", "fail"], 80, { env }),
      runOnTerminal("commands.ts", ["repo", "list"], 80, { env }),
    ]);
    expect(flat.out + table.out).not.toContain(ESC);
    expect(flat.code).toBe(2);
  });

  test("takes an empty NO_COLOR for none", async () => {
    const { out } = await runOnTerminal("flat.ts", ["--all"], 80, { env: { NO_COLOR: "" } });
    expect(out).toContain(ESC);
  });

  test("decides for each stream on its own", async () => {
    const shell = "2>/dev/null | cat";
    expect((await runOnTerminal("flat.ts", ["--all"], 80, { shell })).out).not.toContain(ESC);
    const failed = await runOnTerminal("flat.ts", ["--all", "--act", "fail"], 80, { shell: ">/dev/null" });
    expect(failed.out).toContain(`${ESC}[31mC-00${ESC}[39m`);
  });

  test("shows a spinner that Ctrl-C ends, and leaves the cursor as it was", async () => {
    const onText = once("⠙", (child) => {
      child.stdin.write("\x03");
      child.stdin.flush();
    });
    const { code, out } = await runOnTerminal("waits.ts", [], 80, { onText });
    expect(out).toContain("Waiting");
    expect(out).not.toContain(`${ESC}[?25l`);
    expect(code).toBe(130);
  });

  const without: [string, number, string[], Record<string, string>][] = [
    ["at 0 columns, where ora never comes back", 0, [], {}],
    ["in CI", 80, [], { CI: "true" }],
    ["with --json", 80, ["--json"], {}],
    ["with NO_COLOR", 80, [], { NO_COLOR: "1" }],
  ];
  test.each(without)("shows no spinner %s", async (_name, columns, args, env) => {
    const onText = once("Waiting", (child) => {
      child.stdin.write("\x03");
      child.stdin.flush();
    });
    const { code, out } = await runOnTerminal("waits.ts", args, columns, { env, onText });
    expect(out).not.toContain("⠋");
    expect(code).toBe(130);
  });

  test.each([40, 60, 120])("fits a table into %i columns", async (columns) => {
    const { out } = await runOnTerminal("commands.ts", ["repo", "list"], columns);
    for (const line of out.split("\n")) expect(Bun.stringWidth(line.trimEnd())).toBeLessThanOrEqual(columns);
    expect(out).not.toContain(`${ESC}[2J`);
  });
});
