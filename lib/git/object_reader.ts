// Trees and blobs of one repository through a single `git cat-file --batch-command` (git 2.36 or newer): sizes are
// asked before contents, so that no blob is read that is too large to be a workplan.
import { OpsFailure } from "../failure.ts";
import { endGroup } from "../process/run.ts";
import { gitArgv, gitEnvironment } from "./invocation.ts";

export interface TreeEntry {
  /** As git stores it: 100644 and 100755 files, 120000 symlink, 160000 submodule. Folders are walked, not listed. */
  readonly mode: string;
  /** From the top of the repository, with `/`. */
  readonly path: string;
  readonly id: string;
}

export interface TreeListing {
  /** The id of the folder itself; null when the commit has none. */
  readonly tree: string | null;
  readonly entries: readonly TreeEntry[];
}

const DEADLINE_MS = 60_000;
// A folder of workplans is small; a hostile one must not fill the memory.
const MAX_ENTRIES = 50_000;
const MAX_DEPTH = 32;
const NEWLINE = 10;

interface ObjectHeader {
  readonly id: string;
  readonly type: string;
  readonly size: number;
}

/** Must be closed: it holds a git process. */
export class ObjectReader {
  readonly #where: string;
  readonly #child;
  readonly #stream: AsyncIterator<Uint8Array>;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(gitDir: string) {
    this.#where = gitDir;
    this.#child = Bun.spawn(gitArgv(gitDir, "cat-file", "--batch-command", "--buffer"), {
      env: gitEnvironment(),
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
      detached: true,
    });
    this.#stream = this.#child.stdout[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    this.#deadline = setTimeout(() => endGroup(this.#child.pid), DEADLINE_MS);
  }

  /**
   * All files below `folder` at `commit`.
   * @throws OpsFailure when the commit or one of its trees can't be read: unknown, which is not the same as empty
   */
  async list(commit: string, folder: string): Promise<TreeListing> {
    const [root] = await this.#read([`${commit}^{tree}`]);
    if (!root) throw this.#unreadable(`commit ${commit}`);
    const idLength = root.header.id.length / 2;
    const top = parseTree(root.bytes, idLength).find((entry) => entry.name === folder);
    if (!top) return { tree: null, entries: [] };
    if (top.mode !== FOLDER_MODE) return { tree: top.id, entries: [{ mode: top.mode, path: folder, id: top.id }] };
    const entries: TreeEntry[] = [];
    let level = [{ id: top.id, path: folder }];
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > MAX_DEPTH || entries.length > MAX_ENTRIES)
        throw this.#unreadable(`${folder}/: too many files or folders`);
      const trees = await this.#read(level.map((each) => each.id));
      const next: typeof level = [];
      for (const [index, tree] of trees.entries()) {
        const parent = level[index];
        if (!tree || !parent) throw this.#unreadable(`folder ${parent?.path ?? folder}`);
        for (const entry of parseTree(tree.bytes, idLength)) {
          const path = `${parent.path}/${entry.name}`;
          if (entry.mode === FOLDER_MODE) next.push({ id: entry.id, path });
          else entries.push({ mode: entry.mode, path, id: entry.id });
        }
      }
      level = next;
    }
    return { tree: top.id, entries };
  }

  /**
   * Contents of blobs, in the order asked.
   * @returns for each id its bytes; `{ size }` alone when larger than `maxBytes`; null when missing from the repository
   */
  async blobs(ids: readonly string[], maxBytes: number): Promise<({ bytes: Uint8Array } | { size: number } | null)[]> {
    const headers = await this.#ask(ids, "info", (header) => Promise.resolve(header));
    const small = headers.filter((header): header is ObjectHeader => header !== null && header.size <= maxBytes);
    const contents = new Map(
      (await this.#read(small.map(({ id }) => id))).map((each) => [each?.header.id, each?.bytes]),
    );
    return headers.map((header) => {
      if (header === null) return null;
      const bytes = contents.get(header.id);
      return bytes === undefined ? { size: header.size } : { bytes };
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#deadline);
    await this.#child.stdin.end();
    endGroup(this.#child.pid);
    await this.#child.exited;
  }

  #read(names: readonly string[]): Promise<({ header: ObjectHeader; bytes: Buffer } | null)[]> {
    return this.#ask(names, "contents", async (header) => {
      const bytes = await this.#take(header.size);
      await this.#take(1);
      return { header, bytes };
    });
  }

  /** Sends all questions at once and reads the answers in order. */
  async #ask<T>(
    names: readonly string[],
    command: "info" | "contents",
    answer: (header: ObjectHeader) => Promise<T>,
  ): Promise<(T | null)[]> {
    if (names.length === 0) return [];
    this.#child.stdin.write(`${names.map((name) => `${command} ${name}\n`).join("")}flush\n`);
    await this.#child.stdin.flush();
    const answers: (T | null)[] = [];
    for (const name of names) {
      const line = await this.#line();
      const [id, type, size] = line.split(" ");
      if (type === "missing" || line.endsWith(" missing")) answers.push(null);
      else if (id === undefined || type === undefined || !/^\d+$/.test(size ?? ""))
        throw this.#unreadable(`${name}: git said ${line}`);
      else answers.push(await answer({ id, type, size: Number(size) }));
    }
    return answers;
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(NEWLINE);
      if (end >= 0) {
        const line = this.#buffer.toString("utf8", 0, end);
        this.#buffer = this.#buffer.subarray(end + 1);
        return line;
      }
      await this.#more();
    }
  }

  async #take(length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#buffer.length === 0) await this.#more();
      const part = this.#buffer.subarray(0, missing);
      this.#buffer = this.#buffer.subarray(part.length);
      missing -= part.length;
      chunks.push(part);
    }
    return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  }

  async #more(): Promise<void> {
    const next = await this.#stream.next();
    if (next.done) throw this.#unreadable("git ended before it had answered");
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#buffer, next.value]);
  }

  #unreadable(what: string): OpsFailure {
    return new OpsFailure("Could not read the repository", {
      observed: what,
      where: this.#where,
      hint: `git --git-dir=${this.#where} fsck`,
    });
  }
}

const FOLDER_MODE = "40000";

/** A raw tree object: `<mode> <name>\0<binary id>` again and again (gitformat: tree objects). */
function parseTree(bytes: Buffer, idLength: number): { mode: string; name: string; id: string }[] {
  const entries: { mode: string; name: string; id: string }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const end = bytes.indexOf(0, space);
    if (space < 0 || end < 0) break;
    entries.push({
      mode: bytes.toString("latin1", at, space),
      name: bytes.toString("utf8", space + 1, end),
      id: bytes.toString("hex", end + 1, end + 1 + idLength),
    });
    at = end + 1 + idLength;
  }
  return entries;
}
