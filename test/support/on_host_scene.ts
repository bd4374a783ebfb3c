// A machine that is reached by SSH, with a toolkit of its own whose one script does what a test asks of it: it prints its
// words, ends with a code, waits, writes a megabyte. on_host.ts is a process, as an operator starts it.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { waitUntil } from "../../lib/wait_until.ts";
import { temporaryFolder } from "./git_repo.ts";
import { processesIn } from "./processes_in.ts";
import { type RunningScript, type ScriptEnded, startScript } from "./script_process.ts";
import { type Sshd, startSshd } from "./sshd.ts";

const ROOT = join(import.meta.dir, "../..");
export const ON_HOST: readonly string[] = [join(ROOT, "scripts/bun"), join(ROOT, "scripts/on_host.ts")];
/** Longer than any run here takes on a busy machine. */
const WATCHDOG_MS = 60_000;

/** Over there its name is one of the toolkit's. */
export const SCRIPT = "state_hub.ts";

const FAR_SCRIPT = `#!/bin/bash
here=$(dirname "$0")
echo $$ >"$here/pid"
case "$1" in
  words) shift; printf '%s\\0' "$@" ;;
  end) echo out; echo err >&2; exit "$2" ;;
  environment) printenv "$2" ;;
  stdin) cat; readlink /proc/self/fd/0 ;;
  terminal) tty; echo "\${TERM-no TERM}" ;;
  bytes) head -c "$2" /dev/zero | tr '\\0' '\\377'; printf '\\n\\000\\033[31m'; exit 3 ;;
  kill) kill -s "$2" $$ ;;
  wait) trap 'echo told INT >&2; exit 130' INT; trap 'echo told TERM >&2; exit 143' TERM; trap 'echo told HUP >&2; exit 129' HUP
    echo waiting; echo waiting >&2; while :; do sleep 0.1; done ;;
  deaf) trap '' INT TERM HUP; echo waiting >&2; while :; do sleep 0.1; done ;;
esac
`;

export interface TimedRun extends ScriptEnded {
  readonly seconds: number;
  readonly letIn: number;
}

export interface OnHostScene {
  readonly sshd: Sshd;
  /** The account's home over there; its toolkit is in state-hub-ops. */
  readonly home: string;
  readonly folder: string;
  /** HOST as it is given. */
  readonly url: string;
  /** on_host.ts with these words, as it is typed. */
  start(words: readonly string[], env?: Record<string, string>): RunningScript;
  run(words: readonly string[], env?: Record<string, string>): Promise<ScriptEnded>;
  /** The same, with how long it took and how often it was let in. */
  timed(words: readonly string[], env?: Record<string, string>): Promise<TimedRun>;
  /** The environment for another ssh configuration on our side. */
  knowing(sshConfig: string): Record<string, string>;
  /** sshd as it should be, and nothing running in the toolkit over there. */
  settled(): Promise<void>;
  /** The process of the script that ran last over there. */
  farPid(): number;
  /** Resolves when that process is no more. */
  farGone(): Promise<unknown>;
  stop(): Promise<void>;
}

export async function onHostScene(): Promise<OnHostScene> {
  const folder = temporaryFolder();
  const sshd = await startSshd();
  const home = join(dirname(sshd.userKey), "home");
  makeFarToolkit(join(home, "state-hub-ops"));
  mkdirSync(join(home, ".config/state-hub"), { recursive: true });
  writeFileSync(join(home, ".config/state-hub/env"), "STATE_HUB_URL=http://10.0.0.1:8000\n");
  const knowing = (sshConfig: string) => {
    const made = join(folder.path, `home-${Bun.hash(sshConfig)}`);
    mkdirSync(join(made, "ssh"), { recursive: true });
    writeFileSync(join(made, "ssh/config"), sshConfig);
    return { STATE_HUB_HOME: made };
  };
  const usual = { ...knowing(sshd.sshConfig), SSH_AUTH_SOCK: "" };
  const start: OnHostScene["start"] = (words, env = {}) =>
    startScript([...ON_HOST, ...words], { env: { ...usual, ...env }, watchdogMs: WATCHDOG_MS });
  const run: OnHostScene["run"] = (words, env) => start(words, env).ended;
  const logins = () => sshd.log().match(/Accepted publickey/g)?.length ?? 0;
  const timed: OnHostScene["timed"] = async (words, env) => {
    const [before, begun] = [logins(), performance.now()];
    const ended = await run(words, env);
    return { ...ended, seconds: (performance.now() - begun) / 1_000, letIn: logins() - before };
  };
  const farPid = () => Number(readFileSync(join(home, "state-hub-ops/scripts/pid"), "utf8"));
  const settled = async () => {
    sshd.fault(null);
    await isOver("what ran in the toolkit over there", () => processesIn(join(home, "state-hub-ops")).length === 0);
  };
  const farGone = () => isOver("the script over there", () => !isThere(farPid()));
  const stop = async () => {
    await sshd.stop();
    folder.remove();
  };
  const url = sshd.urlOf("");
  return { sshd, home, folder: folder.path, url, start, run, timed, knowing, settled, farPid, farGone, stop };
}

export function isOver(what: string, look: () => boolean): Promise<unknown> {
  return waitUntil({ forWhat: `${what} to end`, deadlineMs: 10_000 }, () =>
    look() ? { found: true } : { seen: "it runs" },
  );
}

export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function makeFarToolkit(toolkit: string): void {
  mkdirSync(join(toolkit, "scripts"), { recursive: true });
  const script = join(toolkit, "scripts", SCRIPT);
  writeFileSync(script, FAR_SCRIPT);
  chmodSync(script, 0o755);
}
