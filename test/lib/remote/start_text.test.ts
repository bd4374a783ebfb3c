// What sh makes of the text that it is given: the script with its words and its settings, and nothing that a word says.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { startText } from "../../../lib/remote/start_text.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
const HOME = join(folder.path, "home's");
const SCRIPT = "state_hub.ts";

beforeAll(() => {
  for (const toolkit of ["state-hub-ops", "another one"]) {
    mkdirSync(join(HOME, toolkit, "scripts"), { recursive: true });
    const script = join(HOME, toolkit, "scripts", SCRIPT);
    writeFileSync(script, `#!/bin/sh\necho "$$ $PWD"; printf '<%s>' "$@"; echo; printenv | grep ^SET_\n`);
    chmodSync(script, 0o755);
  }
});
afterAll(folder.remove);

/** On the stdin of each shell, as it arrives over there. */
function told(shell: string, asked: { toolkit?: string; script?: string; words?: readonly string[] }) {
  const input = startText({ toolkit: "~/state-hub-ops", script: SCRIPT, words: [], mark: "MARK", ...asked });
  const env = { ...environmentForPrograms(), HOME, SET_BEFORE: "kept" };
  const { exitCode, stdout } = Bun.spawnSync(["sh", "-c", `exec ${shell}`], { stdin: Buffer.from(input), env });
  return { exitCode, out: stdout.toString() };
}

describe.each(["dash", "bash --posix", "bash"])("startText(), read by %s", (shell) => {
  test("becomes the script: the process id is the script's, the folder the toolkit's", () => {
    const { out } = told(shell, {});
    const [, pid, same, where] = /^MARK (\d+)\n(\d+) (.*)\n/.exec(out) ?? [];
    expect({ pid, where }).toEqual({ pid: same, where: join(HOME, "state-hub-ops") });
  });

  test("hands the words over as they are", () => {
    const words = [
      "a b",
      "it's",
      'say "x"',
      "two\nlines",
      "$(touch gone)",
      "`id`",
      "\\",
      "",
      "--all",
      "*",
      "~",
      "ü",
      "!!",
    ];
    expect(told(shell, { words }).out).toContain(words.map((word) => `<${word}>`).join(""));
  });

  test.each(["~/another one", join(HOME, "another one")])("finds a toolkit in %s", (toolkit) => {
    expect(told(shell, { toolkit }).out).toContain(join(HOME, "another one"));
  });

  test.each([{ toolkit: "~/nowhere" }, { script: "cutover.ts" }])("says that %j is missing", (asked) => {
    expect(told(shell, asked)).toEqual({ exitCode: 127, out: "MARK missing\n" });
  });

  test("exports the settings of the units as systemd reads them, and runs none of it", () => {
    mkdirSync(join(HOME, ".config/state-hub"), { recursive: true });
    const lines = ["# SET_COMMENT=x", "SET_URL=postgres://hub@db/hub?a=$HOME", 'SET_QUOTED="a b"', "SET_SINGLE='c d'"];
    const wrong = ["SET-WRONG=1", "no setting", "", "9SET=1", "$(touch gone)=1", "SET_LAST=`id`"];
    writeFileSync(join(HOME, ".config/state-hub/env"), [...lines, ...wrong].join("\n"));
    const found = told(shell, {}).out.match(/^SET_.*$/gm);
    expect(found?.sort()).toEqual([
      "SET_BEFORE=kept",
      "SET_LAST=`id`",
      "SET_QUOTED=a b",
      "SET_SINGLE=c d",
      "SET_URL=postgres://hub@db/hub?a=$HOME",
    ]);
  });
});
