// stdout and stderr: one colour decision each, whole writes into slow readers, and a reader that goes away (`| head`)
// ends the output, not the run.
import { writeSync } from "node:fs";
import type { WriteStream } from "node:tty";
import { readTerminalConfig, type TerminalConfig } from "../config.ts";
import { OpsFailure } from "../failure.ts";

export interface Output {
  readonly isTty: boolean;
  readonly colour: boolean;
  /** Columns, 0 where unknown: not a terminal, or one that does not say. */
  columns(): number;
  /** Lines of the window, 0 where unknown. */
  rows(): number;
  /**
   * Resolves when all of it has been taken, or when nobody reads any more.
   * @throws OpsFailure (automation) when it could not be written: a full disk, an I/O error
   */
  write(text: string | Uint8Array): Promise<void>;
  /** At once and as far as it goes; for the last words before process.exit(). */
  writeNow(text: string): void;
  /** Nobody reads any more. */
  isGone(): boolean;
  /** Resolves when everything written so far is taken. */
  drained(): Promise<void>;
}

export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  readonly config: TerminalConfig;
}

export function openTerminal(config: TerminalConfig = readTerminalConfig()): Terminal {
  return { out: openOutput(process.stdout, 1, config), err: openOutput(process.stderr, 2, config), config };
}

/** NO_COLOR, TERM=dumb and "not a terminal" each mean none (no-color.org, clig.dev); JSON log lines are for machines. */
export function hasColour(isTty: boolean, config: TerminalConfig): boolean {
  return isTty && !config.noColor && !config.dumb && config.logFormat === "text";
}

function openOutput(stream: WriteStream, fd: number, config: TerminalConfig): Output {
  const isTty = stream.isTTY === true;
  let gone = false;
  let pending: Promise<unknown> = Promise.resolve();
  // Without a listener an error of the stream is an uncaught exception; write() reports it from its callback.
  stream.on("error", () => {
    gone = true;
  });
  const write = (text: string | Uint8Array) => {
    const written = gone || text.length === 0 ? Promise.resolve() : wholeWrite(stream, text);
    pending = Promise.all([pending, written.catch(() => undefined)]);
    return written;
  };
  return {
    isTty,
    colour: hasColour(isTty, config),
    columns: () => (isTty ? stream.columns || 0 : 0),
    rows: () => (isTty ? stream.rows || 0 : 0),
    write,
    writeNow: (text) => {
      if (!gone) bestEffort(fd, text);
    },
    isGone: () => gone,
    drained: async () => {
      await pending;
    },
  };
}

function wholeWrite(stream: WriteStream, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error || isReaderGone(error)) resolve();
      else reject(new OpsFailure("Could not write the output", { cause: error, hint: "df -h ." }));
    });
  });
}

function isReaderGone(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED" || code === "ECONNRESET";
}

function bestEffort(fd: number, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // The reader is gone or full; the exit code still speaks.
  }
}
