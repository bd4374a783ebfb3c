// Remotes for the sweep's rows: bare repositories beside the fleet's own, many and soon, as copies of its .git folders.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms, readConfig } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { type HubUrl, withDatabase } from "./bench_hub.ts";
import type { FleetRepo } from "./fleet.ts";

export interface RemoteRepo {
  readonly slug: string;
  /** The bare repository. */
  readonly path: string;
  /** The only commit that it begins with. */
  readonly root: string;
}

/** One bare remote for each repository, below `folder`. */
export function makeRemotes(folder: string, repos: readonly FleetRepo[]): RemoteRepo[] {
  mkdirSync(folder, { recursive: true });
  return repos.map(({ slug, path, root }) => {
    const bare = join(folder, `${slug}.git`);
    cpSync(join(path, ".git"), bare, { recursive: true });
    writeFileSync(join(bare, "config"), "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n");
    return { slug, path: bare, root };
  });
}

/**
 * Tells a hub of them.
 * @param urlOf how the sweep reaches them
 * @param checkouts on this host, by slug; none as in a pod
 */
export async function registerRemotes(
  hub: HubUrl,
  remotes: readonly RemoteRepo[],
  urlOf: (remote: RemoteRepo) => string,
  checkouts: readonly FleetRepo[] = [],
): Promise<void> {
  const rows = JSON.stringify(remotes.map((remote) => ({ slug: remote.slug, url: urlOf(remote), root: remote.root })));
  const places = JSON.stringify(checkouts.map(({ slug, path }) => ({ slug, path })));
  const { host } = readConfig();
  await withDatabase(
    hub,
    ({ sql }) => sql`
    with known as (
      insert into repos (slug, remote_url, root_commits, default_branch)
      select slug, url, root, 'main' from json_to_recordset(${rows}::text::json) as r(slug text, url text, root text) returning id, slug
    )
    insert into repo_checkouts (host, path, repo_id)
    select ${host}, r.path, known.id from json_to_recordset(${places}::text::json) as r(slug text, path text) join known using (slug)`,
  );
}

/** Commits another status of one workplan straight into the remote, as a push by somebody would leave it. */
export async function pushChange({ path }: RemoteRepo, file: string, status: string): Promise<void> {
  const text = (await git(path, ["show", `refs/heads/main:${file}`])).replace(/^status: \w+$/m, `status: ${status}`);
  const now = Math.floor(Date.now() / 1000);
  const data = (content: string) => `data ${Buffer.byteLength(content)}\n${content}\n`;
  const stream = [
    `commit refs/heads/main\ncommitter Bench <bench@example.invalid> ${now} +0000\n`,
    data("A change"),
    `from refs/heads/main^0\nM 100644 inline ${file}\n${data(text)}`,
    "done\n",
  ];
  await git(path, ["fast-import", "--quiet", "--done"], stream.join(""));
}

export async function git(gitDir: string, args: readonly string[], stdin = ""): Promise<string> {
  const argv = ["git", `--git-dir=${gitDir}`, ...args];
  const { exitCode, stdout, stderr } = await run(argv, { env: environmentForPrograms(), deadlineMs: 60_000, stdin });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit ${exitCode}: ${stderr}`);
  return stdout;
}
