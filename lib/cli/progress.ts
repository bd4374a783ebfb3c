// What a run says on stderr while it works: a spinner for a person who watches, one plain line a phase for a log.
// ora computes lines / columns without end on a terminal of 0 columns (measured: 1.5 GB in ten minutes, deaf to SIGTERM),
// so it is started only where the width is known, and is shown a width that is never 0.
import type { Ora } from "ora";
import type { Io } from "./define_script.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./streams.ts";

export interface Progress extends Pick<Io, "progress" | "note"> {
  /** Takes the spinner away; nothing is drawn after it. */
  stop(): void;
}

export type Level = "info" | "warning" | "error";

export interface Talk {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** A spinner needs somebody who looks: never with --json, --quiet, CI, a pipe, a dumb terminal or NO_COLOR. */
export function wantsSpinner({ err, config }: Terminal, { json, quiet }: Talk): boolean {
  return err.colour && err.columns() > 0 && !config.ci && !json && !quiet;
}

/** One line for stderr, as LOG_FORMAT asks: the text, or a JSON object with `time` (ISO 8601, UTC), `level`, `message`. */
export function logLine(terminal: Terminal, level: Level, message: string, more: Record<string, unknown> = {}): string {
  if (terminal.config.logFormat === "text") return `${printable(message)}\n`;
  return `${JSON.stringify({ time: new Date().toISOString(), level, message, ...more })}\n`;
}

/** A log shows that a long phase is alive, and stays readable. */
const DETAIL_EVERY_MS = 30_000;

/** @param clock milliseconds that only grow */
export function openProgress(terminal: Terminal, talk: Talk, clock: () => number = () => performance.now()): Progress {
  if (talk.quiet) return { progress: () => {}, note: () => {}, stop: () => {} };
  const say = (message: string) => void terminal.err.write(logLine(terminal, "info", message)).catch(() => undefined);
  return wantsSpinner(terminal, talk) ? withSpinner(say) : plainLines(say, clock);
}

function plainLines(say: (message: string) => void, clock: () => number): Progress {
  let phase: string | undefined;
  let saidAt = 0;
  return {
    progress: (message, _count, detail) => {
      const begins = message !== phase;
      phase = message;
      if (!begins && (detail === undefined || clock() - saidAt < DETAIL_EVERY_MS)) return;
      saidAt = clock();
      say(begins || detail === undefined ? message : `${message}: ${detail}`);
    },
    note: say,
    stop: () => {},
  };
}

/** ora is loaded at the first phase; until it is there, the latest text waits. Its hook redraws around notes. */
function withSpinner(say: (message: string) => void): Progress {
  let text = "";
  let spinner: Ora | undefined;
  let state: "idle" | "loading" | "spinning" | "stopped" = "idle";
  const load = async () => {
    state = "loading";
    const { default: ora } = await import("ora");
    if ((state as string) === "stopped") return;
    state = "spinning";
    // No hidden cursor and no raw stdin: both outlive a kill -9, and raw mode takes Ctrl-C away from the terminal.
    spinner = ora({
      text,
      stream: neverZeroColumns(process.stderr),
      isEnabled: true,
      discardStdin: false,
      hideCursor: false,
    });
    spinner.start();
  };
  return {
    progress: (message, count, detail) => {
      const counted = count ? `${message} ${count.done}/${count.total}` : message;
      text = printable(detail === undefined ? counted : `${counted}: ${detail}`);
      if (spinner) spinner.text = text;
      else if (state === "idle") void load().catch(() => undefined);
    },
    note: say,
    stop: () => {
      state = "stopped";
      spinner?.stop();
    },
  };
}

/** The same stream, except that a window resized to nothing reports 80 columns. */
function neverZeroColumns(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return new Proxy(stream, {
    get: (target, key) => {
      if (key === "columns") return target.columns || 80;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}
