// The server's own last words. A failed start is explained by its log, not by an exit code; on a full disk even that
// is missing, so the free space is looked at too.
import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";

/** How long each log file was at one moment: what stands beyond was written since. */
export type LogMark = ReadonlyMap<string, number>;

export function markLog(dataDirectory: string): LogMark {
  return new Map(logFiles(dataDirectory).map((file) => [file.path, file.size]));
}

/** What was logged since the mark. An older line, of last week's failure for instance, explains nothing. */
export function loggedSince(dataDirectory: string, mark: LogMark): string {
  return logFiles(dataDirectory)
    .map((file) => contentOf(file.path).subarray(mark.get(file.path) ?? 0))
    .map((bytes) => bytes.toString("utf8"))
    .join("");
}

/** The newest line in the log, without its time and pid; "nothing yet" when there is none that we can read. */
export function lastLogLine(dataDirectory: string): string {
  const newest = logFiles(dataDirectory).sort((a, b) => b.modified - a.modified)[0];
  const line = newest === undefined ? undefined : linesOf(contentOf(newest.path).toString("utf8")).at(-1);
  return line === undefined ? "nothing yet" : withoutPrefix(line);
}

/** The newest complaint in the log, else its newest line; "nothing yet" when there is none that we can read. */
export function lastComplaint(dataDirectory: string): string {
  return tellingLine(loggedSince(dataDirectory, new Map())) ?? "nothing yet";
}

/** The last FATAL, PANIC or error line, else the last line at all; null for an empty text. */
export function tellingLine(text: string): string | null {
  const lines = linesOf(text);
  const line = lines.findLast((candidate) => /\b(FATAL|PANIC|ERROR|error): /.test(candidate)) ?? lines.at(-1);
  return line === undefined ? null : withoutPrefix(line);
}

/** "no space left on device (FOLDER)" when the file system of the folder is full; else null. */
export function fullDisk(folder: string): string | null {
  try {
    return statfsSync(folder).bavail === 0 ? `no space left on device (${folder})` : null;
  } catch {
    return null;
  }
}

interface LogFile {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
}

// A log that can't be read explains nothing, but must not hide the failure that it was asked about.
function logFiles(dataDirectory: string): LogFile[] {
  try {
    const folder = join(dataDirectory, "log");
    return readdirSync(folder).map((name) => {
      const stats = statSync(join(folder, name));
      return { path: join(folder, name), size: stats.size, modified: stats.mtimeMs };
    });
  } catch {
    return [];
  }
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** Cuts off log_line_prefix, `2026-11-21 02:35:58.765 UTC [5700] `. */
function withoutPrefix(line: string): string {
  return line.replace(/^[\d-]+ [\d:.]+ \S+ \[\d+\] /, "").trim();
}
