// The log of a service: one JSON object a line on stderr. Lines are gathered for a moment, because a write for each
// request costs more than answering it; a reader that does not read costs lines, never memory or a request.
import type { Output } from "./streams.ts";

const GATHER_MS = 50;
/** Bytes that may wait for a slow reader. */
const WAITING_AT_MOST = 4 * 1024 * 1024;

export interface JsonLines {
  /** Adds `time` (ISO 8601, UTC). */
  log(record: Readonly<Record<string, unknown>>): void;
  /** Writes what was gathered. */
  flush(): Promise<void>;
}

export function openJsonLines(output: Pick<Output, "write">): JsonLines {
  const gathered: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let waiting = 0;
  let lost = 0;
  let written: Promise<unknown> = Promise.resolve();
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    const lines = gathered.splice(0);
    if (lines.length === 0) return;
    if (waiting > WAITING_AT_MOST) {
      lost += lines.length;
      return;
    }
    const told = lost === 0 ? "" : `${line({ level: "warning", event: "log_lines_lost", count: lost })}`;
    lost = 0;
    const text = told + lines.join("");
    waiting += text.length;
    const taken = () => {
      waiting -= text.length;
    };
    written = Promise.all([written, output.write(text).then(taken, taken)]);
  };
  return {
    log: (record) => {
      gathered.push(line(record));
      timer ??= setTimeout(send, GATHER_MS);
    },
    flush: async () => {
      send();
      await written;
    },
  };
}

function line(record: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ time: new Date().toISOString(), ...record })}\n`;
}
