// Who listens on a port: a hub that a runbook's block has started is nobody's child, and must be found to be ended.
import { endGroup } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";

/** Of the hub itself, of one that others may reach, and of a workstation's proxy. */
export type Ports = Readonly<Record<"PORT" | "OTHERS_PORT" | "PROXY_PORT", string>>;

export interface Listener {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** SIGKILL, and its end. */
  end(): Promise<void>;
}

/** As `ss -ltnp` names it; null when nobody listens there. */
export function listenerOn(port: string): Listener | null {
  const { stdout } = Bun.spawnSync(["ss", "-ltnpH", `sport = :${port}`]);
  const pid = Number(/pid=(\d+)/.exec(stdout.toString())?.[1] ?? 0);
  if (pid === 0) return null;
  // A block starts it in a session of its own, with what it starts itself.
  const kill = (signal: NodeJS.Signals) => endGroup(pid, signal);
  const end = async () => {
    kill("SIGKILL");
    await waitUntil({ forWhat: `process ${pid} to end`, deadlineMs: 10_000 }, () =>
      listenerOn(port)?.pid === pid ? { seen: "it listens" } : { found: true },
    );
  };
  return { pid, kill, end };
}
