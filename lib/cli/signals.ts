// SIGINT, SIGTERM and SIGHUP become one abort: steps finish or undo, connections drain, and the exit code says which
// signal it was. A run that does not listen is ended after ten seconds; a second Ctrl-C ends it at once.
import { OpsFailure } from "../failure.ts";
import { EXIT } from "./exit_codes.ts";

const EXIT_CODE_OF = { SIGHUP: EXIT.hungUp, SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;
export type StopSignal = keyof typeof EXIT_CODE_OF;

/** Well inside the 30 s that Kubernetes and the 90 s that systemd leave between SIGTERM and SIGKILL. */
const GRACE_MS = 10_000;

export interface Stop {
  readonly name: StopSignal;
  readonly exitCode: number;
}

export interface Signals {
  readonly signal: AbortSignal;
  /** The first signal that came, if any. */
  stop(): Stop | undefined;
  /** run() has ended: from now on the grace period no longer holds the process, only bounds it. */
  ended(): void;
}

/** @param forced called when the process must end now, with what it was waiting for; it does not return to the run */
export function listenForSignals(forced: (stop: Stop, why: string) => void, graceMs: number = GRACE_MS): Signals {
  const controller = new AbortController();
  let stop: Stop | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const onSignal = (name: StopSignal) => {
    const now = { name, exitCode: EXIT_CODE_OF[name] };
    if (stop) {
      // systemd and terminals send SIGTERM and SIGHUP together; only a second wish of a person hurries us.
      if (name === "SIGINT") forced(now, "asked a second time");
      return;
    }
    const first = now;
    stop = first;
    timer = setTimeout(() => forced(first, `still running ${graceMs / 1000} s after ${name}`), graceMs);
    if (ended) timer.unref();
    controller.abort(new OpsFailure(`Stopped by ${name}`));
  };
  for (const name of Object.keys(EXIT_CODE_OF) as StopSignal[]) process.on(name, () => onSignal(name));
  return {
    signal: controller.signal,
    stop: () => stop,
    ended: () => {
      ended = true;
      timer?.unref();
    },
  };
}
