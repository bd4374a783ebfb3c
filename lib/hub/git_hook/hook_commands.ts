// The bodies of `state_hub.ts hook ...`: what they do, show, and say to type next.
import type { Outcome } from "../../cli/define_script.ts";
import type { Database } from "../../db/connect.ts";
import type { Reader } from "../../db/handles.ts";
import { usageFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { isHookSlug } from "./hook_block.ts";
import { type HookRepo, type HookRow, hookStatusOf, installHook, removeHook } from "./hook_of_repo.ts";
import { renderHooks } from "./hook_view.ts";

export interface HookRequest {
  readonly paths: readonly string[];
  /** This machine's name in the hub. */
  readonly host: string;
  readonly dryRun: boolean;
  /** The checkout that holds a path, and its repository's slug; null while it is not registered here. Throws where none is. */
  readonly checkoutOf: (sql: Reader, path: string, host: string) => Promise<HookRepo>;
}

/** @throws OpsFailure (usage), nothing being written, for a path that is in no registered repository */
export async function hookInstall({ sql }: Database, request: HookRequest): Promise<Outcome> {
  const repos = (await reposOf(sql, request)).map(registered);
  const rows = await inTurn(repos, (repo) => installHook(repo, request.dryRun));
  return outcomeOf(rows, request, "install");
}

/** Also where a repository was taken out of the hub. @throws OpsFailure (usage) for a path that is in no repository */
export async function hookRemove({ sql }: Database, request: HookRequest): Promise<Outcome> {
  const rows = await inTurn(await reposOf(sql, request), (repo) => removeHook(repo, request.dryRun));
  return outcomeOf(rows, request, "remove");
}

/** @throws OpsFailure (usage) for a path that is in no repository */
export async function hookStatus({ sql }: Database, request: Omit<HookRequest, "dryRun">): Promise<Outcome> {
  const rows = await inTurn(await reposOf(sql, request), hookStatusOf);
  const missing = rows.filter(
    ({ state, slug }) => slug !== null && (state === "not_installed" || state === "outdated"),
  );
  const next = missing.map(({ path }) => path);
  return {
    exitCode: 0,
    document: { hooks: rows },
    render: (view) => renderHooks(rows, null, view),
    next: next.length === 0 ? "scripts/state_hub.ts status" : commandFor("install", next, ["--dry-run"]),
  };
}

async function reposOf(sql: Reader, { paths, host, checkoutOf }: Omit<HookRequest, "dryRun">): Promise<HookRepo[]> {
  return inTurn(paths, (path) => checkoutOf(sql, path, host));
}

/** Two paths may be of one repository: the second one must find what the first one left. */
async function inTurn<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const done: U[] = [];
  for (const item of items) done.push(await work(item));
  return done;
}

function registered({ path, slug }: HookRepo): HookRepo & { readonly slug: string } {
  const couldNot = "Could not install the hook";
  if (slug === null)
    throw usageFailure(couldNot, {
      observed: "the repository is not registered on this host",
      where: path,
      hint: `scripts/state_hub.ts repo add ${shellQuoted(path)}`,
    });
  if (isHookSlug(slug)) return { path, slug };
  const expected = "letters, digits, dots, dashes and underscores";
  throw usageFailure(couldNot, { observed: `its slug is ${slug}`, expected, where: path });
}

/** One that was refused is an assessment that failed: the others were done all the same. */
function outcomeOf(rows: readonly HookRow[], { paths, dryRun }: HookRequest, verb: "install" | "remove"): Outcome {
  return {
    exitCode: rows.some(({ did }) => did === "refused") ? 1 : 0,
    document: { dry_run: dryRun, hooks: rows },
    render: (view) => renderHooks(rows, dryRun, view),
    next: dryRun ? commandFor(verb, paths) : commandFor("status", paths),
  };
}

function commandFor(verb: string, paths: readonly string[], flags: readonly string[] = []): string {
  return ["scripts/state_hub.ts", "hook", verb, ...paths.map(shellQuoted), ...flags].join(" ");
}
