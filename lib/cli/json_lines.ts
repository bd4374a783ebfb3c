// The log of a service: one JSON object a line on stderr. Lines are gathered for a moment, because a write for each
// request costs more than answering it; a reader that does not read costs lines, never memory or a request.
import { within } from "../within.ts";
import type { Output } from "./streams.ts";

const GATHER_MS = 50;
/** Characters that are written at once without waiting for more: what lies about for long costs the garbage collector. */
const WRITTEN_AT = 64 * 1024;
/** Characters that may wait for a slow reader. */
const WAITING_AT_MOST = 4 * 1024 * 1024;
/** How long the end waits for a reader that does not read: a service must end all the same. */
const LAST_WORDS_MS = 1_000;

export interface JsonLines {
  /** Adds `time` (ISO 8601, UTC). */
  log(record: Readonly<Record<string, unknown>>): void;
  /** What was gathered and is not written yet, for the last words of a process that cannot wait. */
  unwritten(): string;
  /** Writes what was gathered; resolves when it is taken, or soon when nobody takes it. */
  flush(): Promise<void>;
}

export function openJsonLines(output: Pick<Output, "write">): JsonLines {
  const stamp = clock();
  let gathered = "";
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let waiting = 0;
  let lost = 0;
  let written: Promise<void> = Promise.resolve();
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    const [lines, many] = [gathered, count];
    [gathered, count] = ["", 0];
    if (many === 0) return;
    if (waiting > WAITING_AT_MOST) {
      lost += many;
      return;
    }
    const told = lost === 0 ? "" : line(stamp(), { level: "warning", event: "log_lines_lost", count: lost });
    lost = 0;
    const text = told + lines;
    waiting += text.length;
    const taken = () => {
      waiting -= text.length;
    };
    // Comes to nothing: each value would hold the one before, for as long as the service runs.
    written = Promise.all([written, output.write(text).then(taken, taken)]).then(() => {});
  };
  return {
    log: (record) => {
      gathered += line(stamp(), record);
      count++;
      if (gathered.length >= WRITTEN_AT) send();
      else timer ??= setTimeout(send, GATHER_MS);
    },
    unwritten: () => gathered,
    flush: async () => {
      send();
      await within(written, LAST_WORDS_MS, undefined);
    },
  };
}

/** @returns the time now, ISO 8601; made anew once a millisecond, since it costs more than a third of a line */
function clock(): () => string {
  let [at, text] = [0, ""];
  return () => {
    const now = Date.now();
    if (now !== at) [at, text] = [now, new Date(now).toISOString()];
    return text;
  };
}

function line(time: string, record: Readonly<Record<string, unknown>>): string {
  const rest = JSON.stringify(record).slice(1);
  return `{"time":"${time}"${rest === "}" ? "" : ","}${rest}\n`;
}
