// Repositories with remotes, a hub that knows them, and sweeps over them: in this process, or as the script with whatever
// the environment is to hold. Time passes by moving what is stored: nobody waits a quarter of an hour for a back-off.
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { CheckOptions, RemoteOptions } from "../../lib/consistency/check_options.ts";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import type { RepoState } from "../../lib/consistency/sweep/back_off.ts";
import { loadSweepState } from "../../lib/consistency/sweep/sweep_state.ts";
import type { Database } from "../../lib/db/connect.ts";
import { type Ran, runCheck } from "./check_process.ts";
import { type Files, openRepo, type TestRepo, temporaryFolder, workplanText } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { makeRemote, type TestRemote } from "./remotes.ts";

/** `clone` and `push()` are somebody's elsewhere: this host knows nothing of them. */
export interface SweptRepo extends TestRemote {
  readonly id: string;
  readonly slug: string;
  /** A clone that is registered on this host; of a repository without one, `clone` again. */
  readonly checkout: TestRepo;
}

export interface AddOptions {
  /** One workplan `SLUG-WP-0001` with one task unless given. */
  readonly files?: Files;
  /** Whether a checkout on this host is registered (it is), or one on a host that never sweeps. */
  readonly checkout?: boolean;
  /** What the hub takes for the remote, given the bare repository's path; that path unless given. */
  readonly url?: (path: string) => string;
  readonly initFlags?: readonly string[];
}

export interface SweptFleet {
  readonly hub: TestHub;
  /** STATE_HUB_HOME. */
  readonly home: string;
  /** HOME of a sweep that is a process of its own: `.gitconfig` may be put there. */
  readonly userHome: string;
  readonly folder: string;
  add(slug: string, options?: AddOptions): Promise<SweptRepo>;
  /** One sweep of all remotes with write-back, by the timer unless `source` says otherwise. */
  sweep(options?: Partial<CheckOptions>, remotes?: Partial<RemoteOptions>): Promise<FleetResult>;
  /** The same as the script does it, by hand unless a flag says otherwise; `--remote --all --json` are given. */
  sweepAsScript(flags?: readonly string[], env?: Record<string, string>): Promise<Ran>;
  /** What the sweeps remember of each repository, by its slug. */
  states(): Promise<Record<string, RepoState>>;
  /** Back-offs, sightings of absence, pending corrections, passes: all of it happened this much earlier. */
  passTime(minutes: number): Promise<void>;
  close(): Promise<void>;
}

export const ELSEWHERE = "a-host-that-never-sweeps";

export async function sweptFleet(): Promise<SweptFleet> {
  const [hub, folder] = [await freshHub(), temporaryFolder()];
  const [home, userHome] = [join(folder.path, "home"), join(folder.path, "user")];
  for (const path of [home, userHome]) mkdirSync(path);
  const reach = { home, writeBack: true, atOnce: 8, perHost: 8, hubKey: "test" };
  const terms = { host: hostname(), source: "local-timer", strict: false } as const;
  return {
    hub,
    home,
    userHome,
    folder: folder.path,
    add: (slug, options = {}) => add(hub.database, join(folder.path, slug), slug, options),
    sweep: (options = {}, remotes = {}) =>
      hub.check({ all: true }, { ...terms, ...options, remotes: { ...reach, ...remotes } }),
    sweepAsScript: (flags = [], env = {}) =>
      runCheck(["--remote", "--all", "--json", ...flags], {
        DATABASE_URL: hub.url,
        STATE_HUB_HOME: home,
        HOME: userHome,
        ...env,
      }),
    states: () => statesOf(hub.database),
    passTime: (minutes) => passTime(hub.database, minutes),
    close: async () => {
      await hub.close();
      folder.remove();
    },
  };
}

/** The path of the one workplan that a repository has unless told otherwise. */
export function planPath(slug: string): string {
  return `workplans/${planId(slug)}.md`;
}

export function planId(slug: string): string {
  return `${slug.toUpperCase().replace(/[^A-Z0-9]/g, "")}-WP-0001`;
}

/** Its text, with one task. */
export function planOf(slug: string, status = "active", taskStatus = "todo"): string {
  const id = planId(slug);
  return workplanText({ id, status, tasks: [{ id: `${id}-T01`, status: taskStatus }] });
}

async function add(database: Database, parent: string, slug: string, options: AddOptions): Promise<SweptRepo> {
  const made = await makeRemote(
    parent,
    options.files ?? { [planPath(slug)]: planOf(slug) },
    ...(options.initFlags ?? []),
  );
  const here = options.checkout !== false;
  if (here) await made.clone.git("clone", "--quiet", made.path, join(parent, slug));
  const checkout = here ? openRepo(join(parent, slug)) : made.clone;
  const host = here ? hostname() : ELSEWHERE;
  const remoteUrl = options.url?.(made.path) ?? made.path;
  const request = { path: checkout.path, host, slug, domain: null, remoteUrl };
  const { id } = await database.transaction((tx) => addRepo(tx, request));
  return { ...made, id, slug, checkout };
}

async function statesOf({ sql }: Database): Promise<Record<string, RepoState>> {
  const { repos } = await loadSweepState(sql);
  const rows = await sql<{ id: string; slug: string }[]>`select id, slug from repos`;
  const known = rows.flatMap(({ id, slug }) => {
    const state = repos.get(id);
    return state === undefined ? [] : [[slug, state] as const];
  });
  return Object.fromEntries(known);
}

async function passTime({ sql }: Database, minutes: number): Promise<void> {
  const by = `${minutes} min`;
  await sql`
    update sweep_state set finished_at = finished_at - ${by}::interval, repos = (
      select coalesce(jsonb_object_agg(key, value || jsonb_build_object(
        'ok_at', (value ->> 'ok_at')::timestamptz - ${by}::interval,
        'tried_at', (value ->> 'tried_at')::timestamptz - ${by}::interval,
        'retry_at', (value ->> 'retry_at')::timestamptz - ${by}::interval)), '{}')
      from jsonb_each(repos))`;
  for (const table of ["workstreams", "tasks"]) {
    await sql`
      update ${sql(table)} set missing_since = missing_since - ${by}::interval, orphaned_at = orphaned_at - ${by}::interval
      where missing_since is not null or orphaned_at is not null`;
  }
  await sql`
    update writeback_intents set created_at = created_at - ${by}::interval, done_at = done_at - ${by}::interval,
      cancelled_at = cancelled_at - ${by}::interval`;
  await sql`update repo_passes set full_pass_at = full_pass_at - ${by}::interval`;
}
