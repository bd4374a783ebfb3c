// A fleet of real git repositories, many and soon: the history of each comes from one `git fast-import`, as a packed
// clone has it, and its work tree is written beside it.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { forEachAtMost } from "../../lib/pool.ts";
import { run } from "../../lib/process/run.ts";
import { workplanId, workplanText } from "./workplan_files.ts";

export const WORKPLANS_PER_REPO = 10;

export interface FleetRepo {
  readonly slug: string;
  readonly path: string;
  /** Its only commit without parents. */
  readonly root: string;
  /** Full paths. */
  readonly workplans: readonly string[];
}

type Files = readonly { readonly path: string; readonly text: string }[];

/** Grows to the size asked for; the same repositories are used by every row that needs no more. */
export class Fleet {
  readonly #folder: string;
  readonly #edit: (text: string) => string;
  readonly #repos: FleetRepo[] = [];

  /** @param edit what becomes of each workplan's text */
  constructor(folder: string, edit: (text: string) => string = (text) => text) {
    this.#folder = folder;
    this.#edit = edit;
  }

  async repos(count: number): Promise<readonly FleetRepo[]> {
    const numbers = Array.from({ length: Math.max(0, count - this.#repos.length) }, (_, at) => this.#repos.length + at);
    const made: FleetRepo[] = [];
    await forEachAtMost(numbers, availableParallelism(), async (number) => {
      made[number] = await makeRepo(this.#folder, number, this.#edit);
    });
    this.#repos.push(...made.slice(this.#repos.length));
    return this.#repos.slice(0, count);
  }
}

async function makeRepo(folder: string, number: number, edit: (text: string) => string): Promise<FleetRepo> {
  const slug = `repo-${String(number).padStart(4, "0")}`;
  const path = join(folder, slug);
  for (const part of [".git/objects/pack", ".git/refs/heads", "workplans"])
    mkdirSync(join(path, part), { recursive: true });
  writeFileSync(join(path, ".git/HEAD"), "ref: refs/heads/main\n");
  writeFileSync(
    join(path, ".git/config"),
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n",
  );
  const files = Array.from({ length: WORKPLANS_PER_REPO }, (_, index) => {
    const each = number * WORKPLANS_PER_REPO + index;
    return { path: `workplans/${workplanId(each)}.md`, text: edit(workplanText(each)) };
  });
  const root = await commit(path, files, null);
  return { slug, path, root, workplans: files.map((file) => join(path, file.path)) };
}

/** Commits one workplan of a repository again, with another status; work tree and branch agree afterwards. */
export async function changeWorkplan(repo: FleetRepo, number: number, status: string): Promise<void> {
  await commit(repo.path, [{ path: `workplans/${workplanId(number)}.md`, text: workplanText(number, status) }], "main");
}

async function commit(path: string, files: Files, parent: string | null): Promise<string> {
  const marks = join(path, ".git/bench-marks");
  const argv = [
    "git",
    "-C",
    path,
    "-c",
    "fastimport.unpackLimit=1",
    "fast-import",
    "--quiet",
    `--export-marks=${marks}`,
  ];
  for (const file of files) writeFileSync(join(path, file.path), file.text);
  const { exitCode, stderr } = await run(argv, {
    env: environmentForPrograms(),
    deadlineMs: 60_000,
    stdin: importStream(files, parent),
  });
  if (exitCode !== 0) throw new Error(`git fast-import in ${path}: exit ${exitCode}: ${stderr}`);
  return (await Bun.file(marks).text()).trim().split(" ")[1] ?? "";
}

/** git-fast-import(1), "INPUT FORMAT". */
function importStream(files: Files, parent: string | null): string {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const now = Math.floor(Date.now() / 1000);
  return [
    "commit refs/heads/main\nmark :1\n",
    `committer Bench <bench@example.invalid> ${now} +0000\n`,
    data("Workplans"),
    ...(parent === null ? [] : [`from refs/heads/${parent}^0\n`]),
    ...files.map(({ path, text }) => `M 100644 inline ${path}\n${data(text)}`),
    "done\n",
  ].join("");
}
