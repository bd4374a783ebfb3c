// A store in a folder of another host, by SFTP. A file is sent under another name and renamed when it is whole, so that a cut
// line leaves nothing that could be taken for a part.
import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import { forEachAtMost } from "../../pool.ts";
import type { RemoteEntry, Sftp } from "../../ssh/sftp.ts";
import { SftpFault } from "../../ssh/sftp_fault.ts";
import type { OnStep } from "../../work_step.ts";
import { type SftpSession, sftpSession } from "./sftp_session.ts";
import { sftpTrouble } from "./sftp_trouble.ts";
import { MANIFEST, type Store, type StoredFile, type StoreOptions } from "./store.ts";
import type { StoreTarget } from "./store_target.ts";
import { isPlainName, storedPath } from "./stored_names.ts";

/** Of an OpenSSH server at 100 ms: a folder of 100 files goes in a second. */
const REMOVALS_AT_ONCE = 16;

/** @throws OpsFailure (automation) when the host can't be reached, is not the one that is known, or the folder can't be had */
export async function openSftpStore(target: StoreTarget & { kind: "sftp" }, options: StoreOptions): Promise<Store> {
  const session = await sftpSession(target, options);
  const store = new SftpStore(target, session);
  try {
    await store.findOrMakeFolder(options.make ?? true);
    return store;
  } catch (error) {
    await session.close();
    throw error;
  }
}

class SftpStore implements Store {
  readonly target: string;
  readonly #folder: string;
  readonly #session: SftpSession;

  constructor({ host, user, port, folder }: StoreTarget & { kind: "sftp" }, session: SftpSession) {
    const named = host.includes(":") ? `[${host}]` : host;
    this.target = `sftp://${user === null ? "" : `${user}@`}${named}${port === null ? "" : `:${port}`}${
      folder.startsWith("/") ? folder : `/~/${folder}`
    }`;
    this.#folder = folder;
    this.#session = session;
  }

  async findOrMakeFolder(make: boolean): Promise<void> {
    await this.#tried("Could not open the store", undefined, async (sftp) => {
      const there = await sftp.entry(this.#folder, true);
      if (there?.kind === "folder") return;
      if (there !== null) throw new SftpFault("refused", "a file stands where the folder should be");
      if (!make) throw new SftpFault("missing", "no such folder");
      await sftp.makeFolder(this.#folder);
    });
  }

  folders(): Promise<string[]> {
    return this.#tried("Could not list the store", undefined, async (sftp) => {
      const found = await sftp.list(this.#folder);
      return found.filter(({ kind, name }) => kind === "folder" && isPlainName(name)).map(({ name }) => name);
    });
  }

  files(folder: string): Promise<StoredFile[]> {
    return this.#tried("Could not list the store", folder, async (sftp) => {
      if ((await sftp.entry(this.#at(folder)))?.kind !== "folder") return [];
      const files = (await sftp.list(this.#at(folder))).filter(
        ({ kind, name }) => kind === "file" && isPlainName(name),
      );
      return files.map(({ name, bytes, modifiedAt }) => ({ name, bytes, modifiedAt }));
    });
  }

  readText(path: string, maxBytes: number): Promise<string | null> {
    return this.#tried("Could not read from the store", path, async (sftp) => {
      const there = await this.#file(sftp, path);
      if (there === null) return null;
      const bytes = await sftp.getBytes(this.#at(path), maxBytes + 1);
      if (bytes.length > maxBytes) throw new SftpFault("unsupported", `more than ${maxBytes} bytes`);
      return bytes.toString("utf8");
    });
  }

  localPath(): null {
    return null;
  }

  fetch(path: string, file: string, onProgress?: OnStep): Promise<void> {
    return this.#tried("Could not read from the store", path, async (sftp) => {
      const there = await this.#file(sftp, path);
      if (there === null) throw new SftpFault("missing", "no such file");
      await sftp.get(this.#at(path), file, (bytes) => onProgress?.({ at: path, bytes, of: there.bytes }));
    });
  }

  put(file: string, path: string, onProgress?: OnStep): Promise<void> {
    const of = Bun.file(file).size;
    return this.#tried("Could not write to the store", path, (sftp) =>
      this.#underOtherName(sftp, path, (half) =>
        sftp.put(file, half, (bytes) => onProgress?.({ at: path, bytes, of })),
      ),
    );
  }

  writeText(path: string, text: string): Promise<void> {
    return this.#tried("Could not write to the store", path, (sftp) =>
      this.#underOtherName(sftp, path, (half) => sftp.putBytes(Buffer.from(text), half)),
    );
  }

  makeFolder(folder: string): Promise<void> {
    return this.#tried("Could not make a folder in the store", folder, (sftp) => sftp.makeFolder(this.#at(folder)));
  }

  remove(folder: string): Promise<void> {
    const work = () => this.#session.tidy((sftp) => this.#removeAll(sftp, this.#at(folder)));
    return sftpTrouble("Could not remove from the store", this.#place(folder), work);
  }

  freeBytes(): Promise<number | null> {
    return this.#tried("Could not read from the store", undefined, (sftp) => sftp.freeBytes(this.#folder));
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  async #underOtherName(sftp: Sftp, path: string, send: (half: string) => Promise<void>): Promise<void> {
    const at = this.#at(path);
    const half = posix.join(posix.dirname(at), `.${storedPath(path).name}.${randomUUID()}.part`);
    try {
      await send(half);
      await sftp.rename(half, at);
    } catch (fault) {
      await sftp.removeFile(half).catch(() => {});
      throw fault;
    }
  }

  async #removeAll(sftp: Sftp, at: string): Promise<void> {
    if ((await sftp.entry(at))?.kind !== "folder") return;
    const found = await sftp.list(at);
    if (found.some(({ name }) => name === MANIFEST)) await sftp.removeFile(posix.join(at, MANIFEST));
    const others = found.filter(({ name }) => name !== MANIFEST && !name.includes("/"));
    await forEachAtMost(others, REMOVALS_AT_ONCE, ({ name }) => sftp.removeFile(posix.join(at, name)));
    await sftp.removeFolder(at);
  }

  /** The file itself, neither a link nor in a folder that is one. */
  async #file(sftp: Sftp, path: string): Promise<RemoteEntry | null> {
    const folder = await sftp.entry(posix.dirname(this.#at(path)));
    if (folder?.kind !== "folder") return null;
    const there = await sftp.entry(this.#at(path));
    if (there === null || there.kind === "file") return there;
    throw new SftpFault("unsupported", "it is a symbolic link or no file, which is not read");
  }

  #at(path: string): string {
    const { folder, name } = storedPath(path);
    return name === null ? posix.join(this.#folder, folder) : posix.join(this.#folder, folder, name);
  }

  #place(path: string | undefined) {
    const room = () => this.#session.use((sftp) => sftp.freeBytes(this.#folder));
    const { host } = this.#session;
    return { target: this.target, host, folder: this.#folder, room, ...(path === undefined ? {} : { path }) };
  }

  #tried<T>(couldNot: string, path: string | undefined, work: (sftp: Sftp) => Promise<T>): Promise<T> {
    return sftpTrouble(couldNot, this.#place(path), () => this.#session.use(work));
  }
}
