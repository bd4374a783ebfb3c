// A store in a folder of this machine, or one that is mounted here. What is written is for its owner alone and on the disk
// before it is said to be there; a link in it could lead anywhere, and is not followed.
import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, realpath, rename, rm, rmdir, statfs, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeWhole } from "../../whole_file.ts";
import type { OnStep } from "../../work_step.ts";
import { copyLocal, flush } from "./copy_local.ts";
import { folderTrouble } from "./folder_trouble.ts";
import { requireStoreFolder } from "./require_folder.ts";
import { MANIFEST, type Store, type StoredFile, type StoreOptions } from "./store.ts";
import { storeFailure } from "./store_failure.ts";
import type { StoreTarget } from "./store_target.ts";
import { isPlainName, storedPath } from "./stored_names.ts";

/** By its real path: two names of one folder would be two stores to the ledger. @throws OpsFailure (automation) when it can't be had */
export async function openFolderStore(
  { folder }: StoreTarget & { kind: "folder" },
  { signal, make = true }: StoreOptions,
): Promise<Store> {
  signal?.throwIfAborted();
  await folderTrouble("Could not open the store", { target: folder }, () => requireStoreFolder(folder, make));
  return new FolderStore(await realpath(folder), signal);
}

class FolderStore implements Store {
  readonly target: string;
  readonly #signal: AbortSignal | undefined;

  constructor(folder: string, signal: AbortSignal | undefined) {
    this.target = folder;
    this.#signal = signal;
  }

  async folders(): Promise<string[]> {
    const found = await this.#tried("Could not list the store", undefined, () =>
      readdir(this.target, { withFileTypes: true }),
    );
    return found.filter((entry) => entry.isDirectory() && isPlainName(entry.name)).map(({ name }) => name);
  }

  async files(folder: string): Promise<StoredFile[]> {
    return this.#tried("Could not list the store", folder, async () => {
      const at = join(this.target, storedPath(folder).folder);
      if (!(await isFolder(at))) return [];
      const names = (await readdir(at, { withFileTypes: true })).filter((entry) => entry.isFile());
      const found = names
        .filter(({ name }) => isPlainName(name))
        .map(async ({ name }) => {
          const { size, mtime } = await lstat(join(at, name));
          return { name, bytes: size, modifiedAt: mtime };
        });
      return Promise.all(found);
    });
  }

  async readText(path: string, maxBytes: number): Promise<string | null> {
    return this.#tried("Could not read from the store", path, async () => {
      if (!(await isFolder(dirname(this.#at(path))))) return null;
      const file = await open(this.#at(path), constants.O_RDONLY | constants.O_NOFOLLOW).catch(nullIfMissing);
      if (file === null) return null;
      try {
        const { size } = await file.stat();
        if (size > maxBytes) throw this.#tooLarge(path, size, maxBytes);
        return await file.readFile("utf8");
      } finally {
        await file.close();
      }
    });
  }

  localPath(path: string): string {
    return this.#at(path);
  }

  async fetch(path: string, file: string, onProgress?: OnStep): Promise<void> {
    await this.#tried("Could not read from the store", path, async () => {
      await requireFolder(dirname(this.#at(path)));
      await copyLocal(this.#at(path), file, { ...this.#whileWanted(), onBytes: told(path, onProgress), over: true });
    });
  }

  async put(file: string, path: string, onProgress?: OnStep): Promise<void> {
    await this.#tried("Could not write to the store", path, async () => {
      const at = this.#at(path);
      await requireFolder(dirname(at));
      if (file === at) {
        await chmod(at, 0o600);
        await flush(at);
      } else {
        const half = join(dirname(at), `.${storedPath(path).name}.part`);
        try {
          await copyLocal(file, half, { ...this.#whileWanted(), onBytes: told(path, onProgress), over: true });
          await rename(half, at);
        } catch (cause) {
          await rm(half, { force: true }).catch(() => {});
          throw cause;
        }
      }
      await flush(dirname(at));
    });
  }

  async writeText(path: string, text: string): Promise<void> {
    await this.#tried("Could not write to the store", path, async () => writeWhole(this.#at(path), text));
  }

  async makeFolder(folder: string): Promise<void> {
    await this.#tried("Could not make a folder in the store", folder, async () => {
      await mkdir(this.#at(folder), { mode: 0o700 });
      await flush(this.target);
    });
  }

  async remove(folder: string): Promise<void> {
    await folderTrouble("Could not remove from the store", { target: this.target, path: folder }, async () => {
      const at = this.#at(folder);
      if (!(await isFolder(at))) return;
      await unlink(join(at, MANIFEST)).catch(nullIfMissing);
      await flush(at);
      for (const name of await readdir(at)) await rm(join(at, name), { recursive: true, force: true });
      await rmdir(at);
      await flush(this.target);
    });
  }

  async freeBytes(): Promise<number | null> {
    return this.#tried("Could not read from the store", undefined, async () => {
      const { bavail, bsize } = await statfs(this.target);
      return bavail * bsize;
    });
  }

  async close(): Promise<void> {}

  #at(path: string): string {
    const { folder, name } = storedPath(path);
    return name === null ? join(this.target, folder) : join(this.target, folder, name);
  }

  #whileWanted() {
    return this.#signal === undefined ? {} : { signal: this.#signal };
  }

  #tried<T>(couldNot: string, path: string | undefined, work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    return folderTrouble(couldNot, { target: this.target, ...(path === undefined ? {} : { path }) }, work);
  }

  #tooLarge(path: string, bytes: number, maxBytes: number) {
    return storeFailure("Could not read from the store", {
      target: this.target,
      path,
      observed: `${bytes} bytes`,
      expected: `at most ${maxBytes} bytes`,
      hint: `ls -l ${this.target}`,
    });
  }
}

function told(at: string, onProgress: OnStep | undefined): (bytes: number, of: number) => void {
  return (bytes, of) => onProgress?.({ at, bytes, of });
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(nullIfMissing))?.isDirectory() ?? false;
}

/** A link to a folder is none. */
async function requireFolder(path: string): Promise<void> {
  if (!(await isFolder(path))) throw Object.assign(new Error("no such folder"), { code: "ENOENT" });
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
