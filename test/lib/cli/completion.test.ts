// scripts/completion.sh in real bash and real zsh, as it is pressed for: what is offered for a line that is typed so far.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { completionText } from "../../../lib/cli/completion.ts";
import { allRunbooks, allScripts } from "../../support/all_scripts.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

const ROOT = join(import.meta.dir, "../../..");
const FILE = join(ROOT, "scripts/completion.sh");
const WATCHDOG_MS = 20_000;

test("scripts/completion.sh is what the flag tables make of it: scripts/bun test/write_completion.ts", async () => {
  expect(readFileSync(FILE, "utf8")).toBe(completionText(await allScripts(), allRunbooks()));
});

const env = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", TERM: "dumb", LC_ALL: "C" };

/** By bash's own rules for words: it splits at "=", too. */
function inBash(...words: string[]): string[] {
  const asked = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _state_hub_ops; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, exitCode } = Bun.spawnSync(["bash", "--norc", "-uc", asked, "bash", FILE, ...words], { env });
  expect({ exitCode, said: stderr.toString() }).toEqual({ exitCode: 0, said: "" });
  return stdout
    .toString()
    .split("\n")
    .filter((word) => word !== "");
}

/** What stands on the line of a zsh on a terminal after each of these lines was typed and the key was pressed. */
async function inZsh(...typed: readonly string[]): Promise<string[]> {
  const folder = temporaryFolder();
  const out = join(folder.path, "lines");
  // ^G tells what stands on the line, and clears it.
  const tell = `tell() { print -r -- "$BUFFER" >> ${out}; BUFFER=''; print -n 'TOL''D' }; zle -N tell; bindkey '^G' tell`;
  const keys = [`PS1=; . ${FILE}; ${tell}; bindkey '^I' expand-or-complete; print REA''DY\n`];
  keys.push(...typed.map((line) => `${line}\t\x07`), "exit\n");
  const child = Bun.spawn(["script", "-qefc", "stty cols 300; exec zsh -f -i", "/dev/null"], {
    cwd: ROOT,
    env: { ...env, HOME: folder.path, SHELL: "/bin/sh", TERM: "xterm" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const watchdog = setTimeout(() => child.kill("SIGKILL"), WATCHDOG_MS);
  try {
    let said = "";
    let sent = 0;
    const answers = () => said.split(/READY|TOLD/).length - 1;
    for await (const chunk of child.stdout) {
      said += new TextDecoder().decode(chunk);
      if (said === "" || answers() < sent || sent >= keys.length) continue;
      child.stdin.write(keys[sent++] ?? "");
      await child.stdin.flush();
    }
    return readFileSync(out, "utf8").trimEnd().split("\n");
  } finally {
    clearTimeout(watchdog);
    folder.remove();
  }
}

describe("in bash", () => {
  test("the words of commands, one after the other", () => {
    expect(inBash("scripts/state_hub.ts", "re")).toEqual(["repo"]);
    expect(inBash("scripts/state_hub.ts", "repo", "")).toEqual(["add", "list", "remove"]);
    expect(inBash("/opt/ops/scripts/runbook.ts", "")).toEqual(["list", "lint", "run"]);
    expect(inBash("cutover.ts", "schedule", "sw")).toEqual(["switch"]);
  });

  test("the flags of the command that was chosen, with both spellings of those that can be denied", () => {
    expect(inBash("scripts/runbook.ts", "run", "state_hub", "--d")).toEqual(["--dry-run", "--debug"]);
    expect(inBash("scripts/runbook.ts", "lint", "--dr")).toEqual([]);
    expect(inBash("scripts/state_hub.ts", "repo", "add", "garden", "--s")).toEqual(["--slug"]);
    expect(inBash("scripts/state_hub.ts", "repo", "list", "--s")).toEqual([]);
    expect(inBash("scripts/consistency_check.ts", "--no-s")).toEqual(["--no-strict"]);
  });

  test("the choices of a flag, behind a blank and behind =", () => {
    expect(inBash("scripts/consistency_check.ts", "--source", "k8s")).toEqual(["k8s-cronjob"]);
    expect(inBash("scripts/consistency_check.ts", "--source", "=", "k8s")).toEqual(["k8s-cronjob"]);
    expect(inBash("scripts/consistency_check.ts", "--source", "=")).toContain("manual");
  });

  test("the names of runbooks", () => {
    expect(inBash("scripts/runbook.ts", "run", "")).toEqual(allRunbooks());
    expect(inBash("scripts/runbook.ts", "run", "--dry-run", "git")).toEqual(["git_hook"]);
    expect(inBash("scripts/runbook.ts", "lint", "state")).toEqual(["state_hub"]);
  });

  test("the scripts behind a host, and behind one of them what it has itself", () => {
    expect(inBash("scripts/on_host.ts", "vault", "st")).toEqual(["state_hub.ts"]);
    expect(inBash("scripts/on_host.ts", "vault", "--", "o")).toEqual([]);
    expect(inBash("scripts/on_host.ts", "--timeout", "5", "vault", "state")).toEqual(["state_hub.ts"]);
    expect(inBash("scripts/on_host.ts", "vault", "--", "state_hub.ts", "re")).toEqual(["repo"]);
    expect(inBash("scripts/on_host.ts", "--timeout", "5", "vault", "state_hub.ts", "repo", "a")).toEqual(["add"]);
    expect(inBash("scripts/on_host.ts", "vault", "state_hub.ts", "repo", "add", "x", "--s")).toEqual(["--slug"]);
    expect(inBash("scripts/on_host.ts", "--to")).toEqual(["--toolkit"]);
  });

  test("nothing where only a file or its user's own word can stand: the shell's own completion does the rest", () => {
    expect(inBash("scripts/consistency_check.ts", "--repo", "")).toEqual([]);
    expect(inBash("scripts/runbook.ts", "run", "runbooks/")).toEqual([]);
    expect(inBash("scripts/on_host.ts", "va")).toEqual([]);
    expect(inBash("scripts/unknown.ts", "--")).toEqual([]);
  });
});

test(
  "in zsh, on a terminal: commands, flags, choices, names, and files where nothing else can stand",
  async () => {
    const lines = await inZsh(
      "scripts/state_hub.ts rep",
      "scripts/state_hub.ts repo rem",
      "scripts/runbook.ts run state_hub --dr",
      "scripts/consistency_check.ts --source k8",
      "scripts/consistency_check.ts --source=k8",
      "scripts/consistency_check.ts --repo lib/config",
      "scripts/runbook.ts run git",
      "scripts/on_host.ts vault state_h",
      "scripts/on_host.ts vault state_hub.ts repo rem",
    );
    expect(lines.map((line) => line.trimEnd())).toEqual([
      "scripts/state_hub.ts repo",
      "scripts/state_hub.ts repo remove",
      "scripts/runbook.ts run state_hub --dry-run",
      "scripts/consistency_check.ts --source k8s-cronjob",
      "scripts/consistency_check.ts --source=k8s-cronjob",
      "scripts/consistency_check.ts --repo lib/config.ts",
      "scripts/runbook.ts run git_hook",
      "scripts/on_host.ts vault state_hub.ts",
      "scripts/on_host.ts vault state_hub.ts repo remove",
    ]);
  },
  WATCHDOG_MS * 2,
);
