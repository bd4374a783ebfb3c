// The folder in which runs wait for the database: one file a run, whole or not there, oldest first by name.

import { chmodSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { makePrivateFolder } from "../../private_folder.ts";
import { shellQuoted } from "../../shell_quoted.ts";

const NAME = /^(\d{10})-([0-9a-f-]{36})\.json$/;
const LEFTOVER_MS = 3_600_000;

const OF_INSTANCE = "instance-";

/** What a hub says of itself in its health. */
export interface HubInstance {
  /** Lives in its database: a copy has the same one. */
  readonly instance_id: string;
  /** Of the PostgreSQL cluster: a copy elsewhere has another one. */
  readonly system_identifier: string;
}

/** The key of a hub whose database its client does not know. */
export function instanceKey({ instance_id, system_identifier }: HubInstance): string {
  return `${OF_INSTANCE}${instance_id}-${system_identifier}`;
}

/** Whether runs wait here for hubs that are known by their instance; a folder that cannot be read has none. */
export function waitsForInstances(home: string): boolean {
  try {
    return readdirSync(join(home, "spool")).some((name) => name.startsWith(OF_INSTANCE));
  } catch {
    return false;
  }
}

/** @param hubKey see hubKeyOf() and instanceKey(): no run may end up in another hub */
export function spoolFolder(home: string, hubKey: string): string {
  return join(home, "spool", hubKey);
}

/**
 * Makes it when it is missing. Reports name repositories and what is wrong with them: nobody else may read them, nor
 * plant one.
 * @throws OpsFailure when it is no folder, or somebody else's; the file system's own error
 */
export function openSpoolFolder(_home: string, folder: string): void {
  for (const path of [dirname(folder), folder]) {
    makePrivateFolder(path);
    const found = lstatSync(path);
    if (!found.isDirectory() || found.uid !== process.geteuid?.()) {
      throw new OpsFailure("Could not use the folder of runs that wait", {
        observed: found.isDirectory() ? `it belongs to user ${found.uid}` : "it is no folder",
        expected: "a folder of ours",
        where: path,
        hint: `ls -ld ${shellQuoted(path)}`,
      });
    }
    if ((found.mode & 0o777) !== 0o700) chmodSync(path, 0o700);
  }
}

/** The files of runs that wait, oldest first; none when there is no such folder. */
export function spooledFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => NAME.test(file))
      .sort();
  } catch (cause) {
    if (isGone(cause)) return [];
    throw cause;
  }
}

/** The name for one more run, counted on from the last: a clock that was set back must not turn the order round. */
export function nextName(files: readonly string[], runId: string): string {
  const last = Number(NAME.exec(files.at(-1) ?? "")?.[1] ?? 0);
  return `${String(last + 1).padStart(10, "0")}-${runId}.json`;
}

/** Removes what killed runs had begun to write: none of it counts as a run. */
export function removeLeftovers(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".tmp"))) {
    const path = join(folder, file);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > LEFTOVER_MS) rmSync(path, { force: true });
  }
}

export function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
