// A hub as an operator runs it, a process of its own that a test can stop, kill and start again.
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";

const ROOT = join(import.meta.dir, "../..");

export interface HubProcess {
  readonly at: string;
  readonly pid: number;
  /** Its exit code; 128 + the signal where it was killed. */
  readonly exited: Promise<number>;
  /** What it has logged so far, line by line. */
  readonly log: () => string;
  kill(signal: NodeJS.Signals): void;
  ask(path: string, init?: RequestInit): Promise<Response>;
}

/** Resolves when it listens. @param env beside a plain environment; DATABASE_URL must be in it @param port 0 is any */
export async function startHub(env: Readonly<Record<string, string>>, port = 0): Promise<HubProcess> {
  const command = [join(ROOT, "scripts/bun"), join(ROOT, "scripts/state_hub.ts"), "serve", "--port", String(port)];
  const child = Bun.spawn(command, {
    env: { ...environmentForPrograms(), ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  // Also one that a failed test left behind.
  const end = () => child.kill("SIGKILL");
  whenTestsEnd(end, end);
  let log = "";
  const hear = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) log += decoder.decode(chunk, { stream: true });
  };
  const heard = hear();
  const at = await waitUntil({ forWhat: "a hub that listens", deadlineMs: 20_000 }, () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${log}`);
    const url = /"event":"listening".*?"url":"([^"]+)"/.exec(log)?.[1];
    return url === undefined ? { seen: log } : { found: url };
  });
  return {
    at,
    pid: child.pid,
    exited: Promise.all([child.exited, heard]).then(([code]) => code),
    log: () => log,
    kill: (signal) => child.kill(signal),
    ask: (path, init) => fetch(`${at}${path}`, init),
  };
}
