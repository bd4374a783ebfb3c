// consistency_check.ts as an operator runs it: a process of its own, with a hub named in DATABASE_URL.
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/consistency_check.ts");
const SCRIPTS_BUN = join(import.meta.dir, "../../scripts/bun");
/** Longer than any run here takes on a busy machine; only a hang reaches it. */
const WATCHDOG_MS = 50_000;

export interface Ran {
  /** 128 + the signal that ended it; SIGKILL by the watchdog is 137. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** stdout as JSON; throws unless it is exactly one document. */
  report(): CheckReport;
}

/** What tests read of the report. */
export interface CheckReport {
  readonly exit_code: number;
  readonly automation_error: { readonly check: string; readonly message: string; readonly repo: string | null } | null;
  readonly repos_total: number;
  readonly repos_processed: readonly { readonly slug: string }[];
  readonly skipped_clean: readonly string[];
  readonly error?: { readonly kind: string; readonly hint: string | null };
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ran>;
  /** Resolves when stderr has said it; rejects when the run ends without. */
  said(mark: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** @param env added to a plain environment; no DATABASE_URL unless it is here */
export function startCheck(args: readonly string[], env: Record<string, string>): Running {
  const child = Bun.spawn([SCRIPTS_BUN, SCRIPT, ...args], {
    env: { ...environmentForPrograms(), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const watchdog = setTimeout(() => child.kill("SIGKILL"), WATCHDOG_MS);
  const hearers = new Set<() => void>();
  let err = "";
  const listen = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) {
      err += decoder.decode(chunk, { stream: true });
      for (const hear of hearers) hear();
    }
  };
  const ended = (async () => {
    const [out] = await Promise.all([new Response(child.stdout).text(), listen()]);
    await child.exited;
    clearTimeout(watchdog);
    const code = child.exitCode ?? 128 + (child.signalCode === "SIGKILL" ? 9 : 0);
    return { code, out, err, report: () => JSON.parse(out) as CheckReport };
  })();
  const said = (mark: string) =>
    new Promise<void>((resolve, reject) => {
      const hear = () => err.includes(mark) && resolve();
      hearers.add(hear);
      hear();
      void ended.then((ran) => reject(new Error(`never said ${mark}: ${ran.err}`)));
    });
  return { pid: child.pid, ended, said, kill: (signal) => child.kill(signal) };
}

export function runCheck(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  return startCheck(args, env).ended;
}
