// Where backups are kept: a folder here, or one on another host. Both promise the same, so that whoever writes, lists, drills or
// prunes need not know which it is. (types)
import type { OnStep } from "../../work_step.ts";

/** A file of a folder of the store. */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  /** By the clock of the store's host. */
  readonly modifiedAt: Date;
}

/** How a store is reached. */
export interface StoreOptions {
  /** `environmentForPrograms()`. */
  readonly env: Readonly<Record<string, string>>;
  readonly stateHubHome: string;
  readonly signal?: AbortSignal;
  /** How long another host may answer nothing: 30 s unless given. */
  readonly stalledAfterMs?: number;
  /** false: a folder that is not there is a failure, and is not made. */
  readonly make?: boolean;
}

/**
 * A folder of folders of files. A path is `FOLDER/NAME`. Every call throws OpsFailure (automation) that names the store and the
 * path when it is refused, out of room, cut or stalled; the signal's reason when aborted. Links are not followed, and names that
 * are no plain names are not seen.
 */
export interface Store {
  /** As it may be printed. */
  readonly target: string;
  folders(): Promise<string[]>;
  /** None when the folder is not there. Names that begin with a dot are left out: they are of writes under way. */
  files(folder: string): Promise<StoredFile[]>;
  /** null when it is not there. @throws OpsFailure also when it is larger than `maxBytes` */
  readText(path: string, maxBytes: number): Promise<string | null>;
  /** The file's own path where the store is a folder of this machine. */
  localPath(path: string): string | null;
  /** Into a local file of mode 600. Nothing is verified. */
  fetch(path: string, file: string, onProgress?: OnStep): Promise<void>;
  /** Whole and on the disk when it resolves, of mode 600; takes over a file that stands at `localPath(path)` already. */
  put(file: string, path: string, onProgress?: OnStep): Promise<void>;
  /** The same for a text; in the place of what is there, at once. */
  writeText(path: string, text: string): Promise<void>;
  /** Of mode 700. @throws OpsFailure also when it is there already */
  makeFolder(folder: string): Promise<void>;
  /** With all its files, `manifest.json` first. Works after an abort, too, for some seconds. Nothing to do is no failure. */
  remove(folder: string): Promise<void>;
  /** null where the store cannot tell. */
  freeBytes(): Promise<number | null>;
  close(): Promise<void>;
}

/** The file that makes a folder a backup. */
export const MANIFEST = "manifest.json";
