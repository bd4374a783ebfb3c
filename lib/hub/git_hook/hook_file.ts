// The hook's file on the disk: read as it is, and replaced as a whole with its mode. A commit at the same moment finds the
// old hook or the new one.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { stampOf, statOf } from "../../git/repository_files.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { writeWhole } from "../../whole_file.ts";
import type { HookText } from "./hook_text.ts";

export interface HookFile {
  readonly path: string;
  /** One character a byte; null when there is no file, empty where it is no plain one. */
  readonly text: HookText;
  /** Permission bits; those of a new one where there is no file. */
  readonly mode: number;
  /** Changes when somebody else writes it. */
  readonly stamp: string;
  /** No link, no folder, of a size that people write. */
  readonly plain: boolean;
}

const LARGEST = 1024 * 1024;
const NEW_MODE = 0o755;

/** @throws OpsFailure (automation) when it is there and cannot be read */
export function readHook(path: string): HookFile {
  try {
    const stat = statOf(path);
    if (stat === undefined) return { path, text: null, mode: NEW_MODE, stamp: "", plain: true };
    const plain = stat.isFile() && stat.size <= LARGEST;
    const text = plain ? readFileSync(path, "latin1") : "";
    return { path, text, mode: Number(stat.mode & 0o7777n), stamp: stampOf(path), plain };
  } catch (cause) {
    throw new OpsFailure("Could not read the hook", { where: path, cause, hint: `ls -l ${shellQuoted(path)}` });
  }
}

/**
 * Replaces the file, or takes it away for null. Nobody finds it half, or without its mode.
 * @throws OpsFailure (automation) when it cannot be written, or when somebody changed it since it was read
 */
export function writeHook({ path, mode, stamp }: HookFile, text: HookText): void {
  // In the hooks folder, so that the rename stays on one file system; git runs no file of this name.
  const next = `${path}.state-hub`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (text !== null) {
      writeWhole(next, Buffer.from(text, "latin1"));
      chmodSync(next, mode);
    }
    if (stampOf(path) !== stamp) throw new Error("somebody else changed it meanwhile: run this again");
    if (text === null) rmSync(path);
    else renameSync(next, path);
  } catch (cause) {
    removeQuietly(next);
    const hint = `ls -ld ${shellQuoted(dirname(path))}`;
    throw new OpsFailure("Could not write the hook", { where: path, cause, hint });
  }
}

/** The reason why is told; that this could not be taken away would only hide it. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}
