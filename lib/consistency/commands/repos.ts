// The bodies of `state_hub.ts repo ...` and `explain`: what they do, show, and say to type next.
import type { Outcome } from "../../cli/define_script.ts";
import type { Database } from "../../db/connect.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { explain } from "../explain.ts";
import { renderExplanations } from "../explain_view.ts";
import { dryRunOf } from "../next_command.ts";
import { renderAdded, renderRepoList } from "../registry_view.ts";
import { type AddedRepo, addRepo, listRepos, removeRepo } from "../repo_registry.ts";

export interface RepoAddRequest {
  readonly paths: readonly string[];
  readonly host: string;
  readonly slug: string | undefined;
  readonly domain: string | undefined;
  readonly remoteUrl: string | undefined;
  readonly acceptHistory: boolean;
  readonly dryRun: boolean;
}

/** All of the paths or none. @throws OpsFailure (usage) as addRepo */
export async function repoAdd(database: Database, request: RepoAddRequest): Promise<Outcome> {
  const { paths, host, slug = null, domain = null, remoteUrl = null, acceptHistory, dryRun } = request;
  const added = await database.transaction(
    async (tx) => {
      const repos: AddedRepo[] = [];
      for (const path of paths) repos.push(await addRepo(tx, { path, host, slug, domain, remoteUrl, acceptHistory }));
      return repos;
    },
    { rollBack: dryRun },
  );
  const [first] = added;
  return {
    exitCode: 0,
    document: { dry_run: dryRun, repos: added },
    render: () => `${dryRun ? "Dry run: nothing was written; a real run would say:\n" : ""}${renderAdded(added)}`,
    next: first ? nextAfterAdd(first, request) : "scripts/state_hub.ts repo list",
  };
}

/** After a dry run the same without it. */
function nextAfterAdd({ slug, path }: AddedRepo, request: RepoAddRequest): string {
  if (!request.dryRun) return dryRunOf(slug, path);
  const { slug: asked, domain, remoteUrl } = request;
  const given = Object.entries({ "--slug": asked, "--domain": domain, "--remote-url": remoteUrl });
  const flags = given.flatMap(([flag, value]) => (value === undefined ? [] : [flag, shellQuoted(value)]));
  const accept = request.acceptHistory ? ["--accept-history"] : [];
  return ["scripts/state_hub.ts", "repo add", ...request.paths.map(shellQuoted), ...flags, ...accept].join(" ");
}

export async function repoList({ sql }: Database): Promise<Outcome> {
  const repos = await listRepos(sql);
  return {
    exitCode: 0,
    document: { repos },
    render: (view) => renderRepoList(repos, view),
    next: repos.length === 0 ? "scripts/state_hub.ts repo add PATH" : "scripts/consistency_check.ts --all --dry-run",
  };
}

/** @throws OpsFailure (usage) when the slug is unknown */
export async function repoRemove(database: Database, slug: string, dryRun: boolean): Promise<Outcome> {
  await database.transaction((tx) => removeRepo(tx, slug), { rollBack: dryRun });
  const said = `${slug}: ${dryRun ? "would be taken" : "taken"} out of every run; its rows stay, and repo add brings it back`;
  return {
    exitCode: 0,
    document: { dry_run: dryRun, removed: slug },
    render: () => said,
    next: "scripts/state_hub.ts repo list",
  };
}

/** @throws OpsFailure (usage) when nothing has the id */
export async function explainRow({ sql }: Database, id: string, host: string): Promise<Outcome> {
  const explanations = await explain(sql, id, host);
  const [first] = explanations;
  return {
    exitCode: 0,
    document: { explanations },
    render: (view) => renderExplanations(explanations, view),
    next: first ? dryRunOf(first.repo) : "scripts/state_hub.ts status",
  };
}
