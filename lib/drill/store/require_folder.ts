// The folder of a store on this machine, before anything is done with it: there, made when a backup is to go into it, and a folder.
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { shellQuoted } from "../../shell_quoted.ts";
import { flush } from "./copy_local.ts";
import { storeFailure } from "./store_failure.ts";

/**
 * @param make of mode 700, when its parent is there
 * @throws OpsFailure (automation) when it is missing and not to be made; as the system does for all else
 */
export async function requireStoreFolder(folder: string, make: boolean): Promise<void> {
  const there = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (there?.isDirectory()) return;
  if (there !== null) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
  if (!make) throw notYet(folder);
  await mkdir(folder, { mode: 0o700 });
  await flush(dirname(folder));
}

function notYet(folder: string) {
  return storeFailure("Could not open the store", {
    target: folder,
    observed: "it is not there: the first backup makes it",
    hint: `scripts/backup_restore_drill.ts backup --store ${shellQuoted(folder)}`,
  });
}
