// What sh makes of the text that it is given: the script with its words and its settings, and nothing that a word says.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { GO, startText } from "../../../lib/remote/start_text.ts";
import { shellQuoted } from "../../../lib/shell_quoted.ts";
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

interface Asked {
  readonly toolkit?: string;
  readonly script?: string;
  readonly words?: readonly string[];
  /** What comes on stdin when the mark was seen. */
  readonly answer?: string;
  /** What the account runs before the shell. */
  readonly atLogin?: string;
}

/** On the stdin of each shell, as it arrives over there. */
async function told(shell: string, { answer = GO, atLogin = "", ...asked }: Asked) {
  const input = startText({ toolkit: "~/state-hub-ops", script: SCRIPT, words: [], mark: "MARK", ...asked });
  const env = { ...environmentForPrograms(), HOME, SET_BEFORE: "kept" };
  const child = Bun.spawn(["sh", "-c", `${atLogin}exec ${shell}`], { stdio: ["pipe", "pipe", "ignore"], env });
  child.stdin.write(input);
  await child.stdin.flush();
  let out = "";
  for await (const chunk of child.stdout) {
    out += Buffer.from(chunk).toString();
    if (/^MARK \d+\n$/.test(out)) {
      child.stdin.write(answer);
      await child.stdin.end();
    }
  }
  return { exitCode: await child.exited, out };
}

describe.each(["dash", "bash --posix", "bash"])("startText(), read by %s", (shell) => {
  test("becomes the script: the process id is the script's, the folder the toolkit's", async () => {
    const { out } = await told(shell, {});
    const [, pid, same, where] = /^MARK (\d+)\n(\d+) (.*)\n/.exec(out) ?? [];
    expect({ pid, where }).toEqual({ pid: same, where: join(HOME, "state-hub-ops") });
  });

  test("begins nothing where stdin ends instead: whoever would tell it is gone", async () => {
    expect(await told(shell, { answer: "" })).toEqual({ exitCode: 1, out: expect.stringMatching(/^MARK \d+\n$/) });
  });

  test("begins nothing where a login has read the first line: it would begin in another folder", async () => {
    mkdirSync(join(HOME, "scripts"), { recursive: true });
    copyFileSync(join(HOME, "state-hub-ops/scripts", SCRIPT), join(HOME, "scripts", SCRIPT));
    const login = `cd ${shellQuoted(HOME)}; read first; `;
    expect(await told(shell, { atLogin: login })).toEqual({ exitCode: 1, out: "" });
  });

  test("hands the words over as they are", async () => {
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
    expect((await told(shell, { words })).out).toContain(words.map((word) => `<${word}>`).join(""));
  });

  test.each(["~/another one", join(HOME, "another one")])("finds a toolkit in %s", async (toolkit) => {
    expect((await told(shell, { toolkit })).out).toContain(join(HOME, "another one"));
  });

  test.each([{ toolkit: "~/nowhere" }, { script: "cutover.ts" }])("says that %j is missing", async (asked) => {
    expect(await told(shell, asked)).toEqual({ exitCode: 127, out: "MARK missing\n" });
  });

  test("exports the settings of the units as systemd reads them, and runs none of it", async () => {
    mkdirSync(join(HOME, ".config/state-hub"), { recursive: true });
    const lines = ["# SET_COMMENT=x", "SET_URL=postgres://hub@db/hub?a=$HOME", 'SET_QUOTED="a b"', "SET_SINGLE='c d'"];
    const blanks = ["  SET_BLANKS = c d \t", 'SET_CR="e f"\r', "SET_EMPTY=\r", "SET_NAME =NAME\r"];
    const wrong = [
      "SET_CR",
      "SET WRONG=1",
      "; SET_REMARK=1",
      "SET-WRONG=1",
      "no setting",
      "",
      "9SET=1",
      "$(touch gone)=1",
      "SET_LAST=`id`",
    ];
    writeFileSync(join(HOME, ".config/state-hub/env"), [...lines, ...blanks, ...wrong].join("\n"));
    const found = (await told(shell, {})).out.match(/^SET_.*$/gm);
    expect(found?.sort()).toEqual([
      "SET_BEFORE=kept",
      "SET_BLANKS=c d",
      "SET_CR=e f",
      "SET_EMPTY=",
      "SET_LAST=`id`",
      "SET_NAME=NAME",
      "SET_QUOTED=a b",
      "SET_SINGLE=c d",
      "SET_URL=postgres://hub@db/hub?a=$HOME",
    ]);
  });
});
