// The words for what an operating system refuses in a store's folder: a person at night should not have to know ENOTDIR.
import { statfs } from "node:fs/promises";
import { OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { roomInWords, storeFailure } from "./store_failure.ts";

/** Where it went wrong. */
export interface StorePlace {
  readonly target: string;
  readonly path?: string;
}

interface Words {
  readonly observed: string;
  readonly hint: (folder: string) => string;
}

const list = (folder: string) => `ls -la ${folder}`;
const room = (folder: string) => `df -h ${folder}`;

const WORDS: Readonly<Record<string, Words>> = {
  ENOENT: { observed: "it is not there", hint: list },
  ENOTDIR: { observed: "a file stands where the folder should be", hint: list },
  EEXIST: { observed: "it is there already", hint: list },
  ELOOP: { observed: "it is a symbolic link, which is not followed", hint: list },
  EACCES: { observed: "no right to it", hint: list },
  EPERM: { observed: "no right to it", hint: list },
  EROFS: { observed: "it can only be read", hint: (folder) => `findmnt -T ${folder}` },
  ENOSPC: { observed: "no room is left", hint: room },
  EDQUOT: { observed: "the quota is used up", hint: () => "quota -s" },
  EIO: { observed: "the disk failed", hint: () => "dmesg | tail" },
  ESTALE: { observed: "the mount is gone", hint: (folder) => `findmnt -T ${folder}` },
};

/** @throws OpsFailure for what the system refused; all else as it was thrown */
export async function folderTrouble<T>(couldNot: string, place: StorePlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException)?.code;
    if (cause instanceof OpsFailure || typeof code !== "string") throw cause;
    const words = WORDS[code] ?? { observed: `the system says ${code}`, hint: list };
    const left = code === "ENOSPC" ? await roomLeft(place.target) : "";
    const hint = words.hint(shellQuoted(place.target));
    throw storeFailure(couldNot, { ...place, observed: `${words.observed}${left}`, hint });
  }
}

async function roomLeft(folder: string): Promise<string> {
  const found = await statfs(folder).catch(() => null);
  return found === null ? "" : ` (${roomInWords(found.bavail * found.bsize)})`;
}
