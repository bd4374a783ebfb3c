// A script as an operator runs it: a process of its own, that is listened to while it works and can be sent a signal.
import { environmentForPrograms } from "../../lib/config.ts";

export interface ScriptEnded {
  /** 128 + the signal that ended it; SIGKILL by the watchdog is 137. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunningScript {
  readonly pid: number;
  readonly ended: Promise<ScriptEnded>;
  /** Resolves when stderr has said it; rejects when the run ends without. */
  said(mark: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export interface ScriptTerms {
  /** Added to a plain environment; no DATABASE_URL unless it is here. */
  readonly env: Record<string, string>;
  /** After which it is killed: only a hang reaches it. */
  readonly watchdogMs: number;
}

/** @param argv the program first */
export function startScript(argv: readonly string[], { env, watchdogMs }: ScriptTerms): RunningScript {
  const child = Bun.spawn([...argv], {
    env: { ...environmentForPrograms(), ...env },
    ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  });
  const watchdog = setTimeout(() => child.kill("SIGKILL"), watchdogMs);
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
    return { code: child.exitCode ?? 128 + (child.signalCode === "SIGKILL" ? 9 : 0), out, err };
  })();
  const said = (mark: string) =>
    new Promise<void>((resolve, reject) => {
      const hear = () => err.includes(mark) && resolve();
      hearers.add(hear);
      hear();
      void ended.then((run) => reject(new Error(`never said ${mark}: ${run.err}`)));
    });
  return { pid: child.pid, ended, said, kill: (signal) => child.kill(signal) };
}
