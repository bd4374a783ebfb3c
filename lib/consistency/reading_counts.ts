// How many workplans and tasks a reading found: found is always parsed + failed. (pure)
import type { RepoReading } from "./repo_reading.ts";

export interface WorkplanCounts {
  readonly found: number;
  readonly parsed: number;
  readonly failed: number;
  /** Not counted as found: notes, and front matter of another type. */
  readonly ignored: number;
}

export function workplanCounts({ files, ignored }: RepoReading): WorkplanCounts {
  const parsed = files.filter(({ reading }) => reading.state === "parsed").length;
  return { found: files.length, parsed, failed: files.length - parsed, ignored: ignored.length };
}

export function taskCounts({ files }: RepoReading): { found: number; parsed: number; failed: number } {
  const parsed = files.reduce((sum, { reading }) => sum + reading.tasks.length, 0);
  const failed = files.reduce((sum, { reading }) => sum + reading.failedBlocks.length, 0);
  return { found: parsed + failed, parsed, failed };
}
