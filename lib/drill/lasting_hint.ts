// A hint that can still be typed. What a run made is gone when the hint is read: `df -h` on the run's own folder would only say that
// there is no such folder.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { OpsFailure } from "../failure.ts";

/** @returns the hint; each path in it below one of `folders` that is gone by now, as the nearest folder above that is there */
export function lastingHint(hint: string, folders: readonly string[]): string {
  const ours = (path: string) => folders.some((folder) => path.startsWith(`${folder}/`));
  return hint.replace(/\/[^\s'";]+/g, (path) => (ours(path) ? nearest(path) : path));
}

/** The same failure with a lasting hint; all else comes back as it is. */
export function lastingFailure(error: unknown, folders: readonly string[]): unknown {
  if (!(error instanceof OpsFailure) || error.hint === undefined) return error;
  const { message, kind, observed, expected, where, cause } = error;
  return new OpsFailure(message, {
    ...{ kind, cause, hint: lastingHint(error.hint, folders) },
    ...(observed === undefined ? {} : { observed }),
    ...(expected === undefined ? {} : { expected }),
    ...(where === undefined ? {} : { where }),
  });
}

function nearest(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearest(dirname(path));
}
