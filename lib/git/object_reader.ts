// Trees and blobs of one repository through a single `git cat-file --batch-command` (git 2.36 or newer): sizes are
// asked before contents, so that no blob is read that is too large to be a workplan.
import { isUtf8 } from "node:buffer";
import { OpsFailure } from "../failure.ts";
import { endGroup } from "../process/run.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { gitArgv, gitEnvironment } from "./invocation.ts";

export interface TreeEntry {
  /** As git stores it: 100644 and 100755 files, 120000 symlink, 160000 submodule. Folders are walked, not listed. */
  readonly mode: string;
  /** From the top of the repository, with `/`. Bytes that are not UTF-8 are written as `\xNN`. */
  readonly path: string;
  /** False where bytes had to be written so: such a name can't be looked up in a work tree. */
  readonly named: boolean;
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

interface GitObject {
  readonly header: ObjectHeader;
  readonly bytes: Buffer;
}

type NamedEntry = Omit<TreeEntry, "path"> & { readonly name: string };

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
    const top = this.#entriesOf(root, `commit ${commit}`).find((entry) => entry.name === folder);
    if (!top) return { tree: null, entries: [] };
    if (top.mode !== FOLDER_MODE)
      return { tree: top.id, entries: [{ mode: top.mode, path: folder, named: true, id: top.id }] };
    const entries: TreeEntry[] = [];
    let level = [{ id: top.id, path: folder }];
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > MAX_DEPTH || entries.length > MAX_ENTRIES)
        throw this.#tooMuch(`${folder}/: too many files or folders`);
      const trees = await this.#read(level.map((each) => each.id));
      const next: typeof level = [];
      for (const [index, tree] of trees.entries()) {
        const parent = level[index]?.path ?? folder;
        for (const { name, ...entry } of this.#entriesOf(tree, `folder ${parent}`)) {
          const path = `${parent}/${name}`;
          if (entry.mode === FOLDER_MODE) next.push({ id: entry.id, path });
          else entries.push({ ...entry, path });
        }
      }
      level = next;
    }
    return { tree: top.id, entries };
  }

  /**
   * Contents of blobs, in the order asked.
   * @param limits in bytes; a blob larger than `each` is not read
   * @returns for each id its bytes; `{ size }` alone when it is too large; null when missing from the repository
   * @throws OpsFailure when those to be read are larger than `together`
   */
  async blobs(
    ids: readonly string[],
    limits: { readonly each: number; readonly together: number },
  ): Promise<({ bytes: Uint8Array } | { size: number } | null)[]> {
    const headers = await this.#ask(ids, "info", (header) => Promise.resolve(header));
    const small = headers.filter((header): header is ObjectHeader => header !== null && header.size <= limits.each);
    const total = small.reduce((sum, { size }) => sum + size, 0);
    if (total > limits.together) throw this.#tooMuch(`${total} bytes of workplans`);
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

  /** A folder's entries. What is no tree, or a damaged one, is unknown: read as empty it would make every file absent. */
  #entriesOf(tree: GitObject | null | undefined, what: string): NamedEntry[] {
    const entries = tree?.header.type === "tree" ? parseTree(tree.bytes, tree.header.id.length / 2) : null;
    if (entries === null) throw this.#unreadable(what);
    const names = new Set(entries.map(({ name }) => name));
    if (names.size < entries.length) throw this.#unreadable(`${what}: a name stands twice in it`);
    return entries;
  }

  #read(names: readonly string[]): Promise<(GitObject | null)[]> {
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

  /** A limit of ours: nothing is damaged, so nothing says that a look for damage or a new mirror would help. */
  #tooMuch(observed: string): OpsFailure {
    return new OpsFailure("Could not read the repository", { observed, where: this.#where });
  }

  #unreadable(what: string): OpsFailure {
    return new OpsFailure("Could not read the repository", {
      observed: what,
      where: this.#where,
      hint: `git --git-dir=${shellQuoted(this.#where)} fsck`,
    });
  }
}

const FOLDER_MODE = "40000";

/** A raw tree object: `<mode> <name>\0<binary id>` again and again (gitformat: tree objects); null when it is damaged. */
function parseTree(bytes: Buffer, idLength: number): NamedEntry[] | null {
  const entries: NamedEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const end = bytes.indexOf(0, space);
    if (space < 0 || end < 0 || end + idLength >= bytes.length) return null;
    const name = bytes.subarray(space + 1, end);
    const named = isUtf8(name);
    entries.push({
      mode: bytes.toString("latin1", at, space),
      name: named ? name.toString("utf8") : escapedName(name),
      named,
      id: bytes.toString("hex", end + 1, end + 1 + idLength),
    });
    at = end + 1 + idLength;
  }
  return entries;
}

function escapedName(name: Buffer): string {
  return name.toString("latin1").replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}
