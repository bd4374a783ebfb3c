// `state_hub.ts serve` as a process of its own, that a test can stop, freeze, kill, and whose log it can leave unread.
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/state_hub.ts");
const SCRIPTS_BUN = join(import.meta.dir, "../../scripts/bun");

export interface ServedProcess {
  /** Of the process that serves. */
  readonly pid: number;
  readonly at: string;
  /** What it said so far: its log, and notes for people. Up to `listening` where nobody reads on. */
  said(): string;
  /** Those lines of it that are its log. */
  log(): Readonly<Record<string, unknown>>[];
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or 128 and the number of the signal that ended it. */
  readonly exited: Promise<number>;
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** SIGKILL, and its end. */
  end(): Promise<void>;
}

export interface ServedWith {
  /** Beside a plain environment; DATABASE_URL for all but a proxy. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Any that is free unless given. */
  readonly port?: number;
  /** Its log is read up to `listening`, and never again. */
  readonly readLog?: boolean;
}

/** When it listens. */
export async function servedProcess({
  env = {},
  args = [],
  port = 0,
  readLog = true,
}: ServedWith): Promise<ServedProcess> {
  const child = Bun.spawn([SCRIPTS_BUN, SCRIPT, "serve", "--port", String(port), ...args], {
    env: { ...environmentForPrograms(), ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const kill = (signal: NodeJS.Signals) => child.kill(signal);
  // Also one that a failed test left behind.
  const killed = () => kill("SIGKILL");
  whenTestsEnd(killed, killed);
  let said = "";
  const hear = async () => {
    const decoder = new TextDecoder();
    const reader = child.stderr.getReader();
    while (readLog || !said.includes('"listening"')) {
      const { done, value } = await reader.read();
      if (done) return;
      said += decoder.decode(value, { stream: true });
    }
  };
  const heard = hear();
  const log = () =>
    said
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const at = await waitUntil({ forWhat: "a hub that listens", deadlineMs: 20_000 }, () => {
    const url = log().find(({ event }) => event === "listening")?.url;
    if (typeof url === "string") return { found: url };
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${said}`);
    return { seen: said };
  });
  const exited = Promise.all([child.exited, heard]).then(([code]) => code);
  const end = async () => {
    kill("SIGKILL");
    await exited;
  };
  const ask: ServedProcess["ask"] = (path, init) => fetch(`${at}${path}`, init);
  return { pid: child.pid, at, said: () => said, log, kill, exited, ask, end };
}
