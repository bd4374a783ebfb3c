// The first sweep of a fleet whose files have no ids yet: every row created, every file corrected, every commit pushed;
// against the git commands that make the same commits and pushes, from mirrors that are there already.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { forEachAtMost } from "../../lib/pool.ts";
import { run } from "../../lib/process/run.ts";
import type { Bench } from "./bench.ts";
import type { HubUrl } from "./bench_hub.ts";
import { Fleet, WORKPLANS_PER_REPO } from "./fleet.ts";
import { inTurn, timed } from "./measure.ts";
import { git, makeRemotes, type RemoteRepo, registerRemotes } from "./remote_fleet.ts";
import { type Row, ratioRow } from "./result_table.ts";
import { sweep } from "./row_sweep.ts";
import { TASKS_PER_WORKPLAN, withoutHubIds } from "./workplan_files.ts";

const REPOS = 200;
const AT_ONCE = 8;

interface Written {
  readonly path: string;
  readonly mode: string;
  /** A file with the bytes that the commit has for it. */
  readonly file: string;
}

export async function sweepFirstRow(bench: Bench): Promise<Row[]> {
  const place = join(bench.folder, "sweep-first");
  mkdirSync(join(place, "fleet"), { recursive: true });
  const repos = await new Fleet(join(place, "fleet"), withoutHubIds).repos(REPOS);
  const pristine = makeRemotes(join(place, "pristine"), repos);
  const unswept = await bench.hub.fresh();
  const remotes = pristine.map((remote) => ({ ...remote, path: join(place, "remotes", `${remote.slug}.git`) }));
  await registerRemotes(unswept, remotes, ({ path }) => path);
  // What the commits hold is what a sweep made of the same files.
  resetTo(place, "remotes");
  await firstSweep(bench, unswept, place);
  const written = await contentsOf(remotes, join(place, "contents"));
  const pairs = await inTurn(bench.rounds, {
    measured: async () => {
      resetTo(place, "remotes");
      return firstSweep(bench, unswept, place);
    },
    reference: async () => {
      resetTo(place, "remotes");
      resetTo(place, "mirrors");
      return timed(() => bareGit(place, remotes, written));
    },
  });
  const size = `${REPOS} repos x ${WORKPLANS_PER_REPO} workplans x ${TASKS_PER_WORKPLAN} tasks`;
  const what = `first sweep of ${size}, written back and pushed, no checkouts`;
  const reference =
    "hash-object, read-tree, update-index, write-tree, commit-tree, push of the same commits, 8 at once";
  return [ratioRow({ what, reference, atMost: 2 }, pairs)];
}

/** Fresh copies of the remotes as they were in the beginning. */
function resetTo(place: string, name: string): void {
  rmSync(join(place, name), { recursive: true, force: true });
  cpSync(join(place, "pristine"), join(place, name), { recursive: true });
}

async function firstSweep({ hub }: Bench, unswept: HubUrl, place: string): Promise<number> {
  const url = await hub.fresh(unswept);
  const home = join(place, "home");
  rmSync(home, { recursive: true, force: true });
  try {
    const args = ["--max-seconds", "3000"];
    const { ms, report } = await sweep({ url, env: { STATE_HUB_HOME: home } }, args);
    const values = report.repos_processed.reduce((sum, { actions }) => sum + actions.written_back, 0);
    const wanted = REPOS * WORKPLANS_PER_REPO * (TASKS_PER_WORKPLAN + 1);
    if (values !== wanted) throw new Error(`${values} values were written back, not ${wanted}`);
    return ms;
  } finally {
    await hub.drop(url);
  }
}

/** The files of each remote's tip, out of git, as the commands below take them. */
async function contentsOf(remotes: readonly RemoteRepo[], folder: string): Promise<Map<string, Written[]>> {
  const written = new Map<string, Written[]>();
  for (const { slug, path } of remotes) {
    mkdirSync(join(folder, slug), { recursive: true });
    const lines = (await git(path, ["ls-tree", "-r", "refs/heads/main", "workplans/"])).trimEnd().split("\n");
    const files: Written[] = [];
    for (const line of lines) {
      const [entry = "", name = ""] = line.split("\t");
      const file = join(folder, slug, name.replaceAll("/", "_"));
      writeFileSync(file, await git(path, ["cat-file", "blob", entry.split(" ")[2] ?? ""]));
      files.push({ path: name, mode: entry.split(" ")[0] ?? "", file });
    }
    written.set(slug, files);
  }
  return written;
}

async function bareGit(place: string, remotes: readonly RemoteRepo[], written: ReadonlyMap<string, Written[]>) {
  await forEachAtMost(remotes, AT_ONCE, async ({ slug, path, root }) => {
    const files = written.get(slug) ?? [];
    const gitDir = join(place, "mirrors", `${slug}.git`);
    const env = { ...environmentForPrograms(), GIT_INDEX_FILE: join(gitDir, "private-index"), ...IDENTITY };
    const ask = async (stdin: string, ...args: string[]) => {
      const answer = await run(["git", `--git-dir=${gitDir}`, ...args], { env, deadlineMs: 60_000, stdin });
      if (answer.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${answer.stderr}`);
      return answer.stdout.trim();
    };
    const ids = (await ask(files.map(({ file }) => `${file}\n`).join(""), "hash-object", "-w", "--stdin-paths")).split(
      "\n",
    );
    await ask("", "read-tree", root);
    const entries = files.map((file, index) => `${file.mode} ${ids[index]}\t${file.path}\n`).join("");
    await ask(entries, "update-index", "--index-info");
    const tree = await ask("", "write-tree");
    const commit = await ask("", "commit-tree", tree, "-p", root, "-m", "Sync");
    await ask("", "push", "--quiet", path, `${commit}:refs/heads/main`);
  });
}

const IDENTITY = {
  GIT_AUTHOR_NAME: "Bench",
  GIT_AUTHOR_EMAIL: "bench@example.invalid",
  GIT_COMMITTER_NAME: "Bench",
  GIT_COMMITTER_EMAIL: "bench@example.invalid",
};
