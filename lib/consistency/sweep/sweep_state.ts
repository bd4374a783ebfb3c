// What the sweeps remember of each repository between them, in one row that each sweep writes once: when it was checked
// last, and whether it waits after failures. All times are the database's: two hosts that sweep in turn need one clock.
import type { Reader, Transaction } from "../../db/handles.ts";
import { NEVER_TRIED, type RepoState } from "./back_off.ts";

export interface SweepState {
  /** The database's clock as this was read: what the states of this sweep are dated with. */
  readonly now: string;
  /** When the last sweep ended; null before the first. */
  readonly finishedAt: string | null;
  /** Whether it was allowed to commit and push. */
  readonly writeBack: boolean;
  /** By repository id. */
  readonly repos: ReadonlyMap<string, RepoState>;
}

export async function loadSweepState(sql: Reader): Promise<SweepState> {
  const [row] = await sql<
    { now: string; finished_at: string | null; write_back: boolean | null; repos: Record<string, unknown> | null }[]
  >`
    select to_json(now()) #>> '{}' as now, to_json(s.finished_at) #>> '{}' as finished_at, s.write_back, s.repos
    from (select) as one left join sweep_state s on true`;
  if (!row) throw new Error("a left join gave no row");
  const repos = Object.entries(row.repos ?? {}).map(([id, state]) => [id, stateFrom(state)] as const);
  return { now: row.now, finishedAt: row.finished_at, writeBack: row.write_back ?? false, repos: new Map(repos) };
}

/**
 * Notes the end of a sweep. Registered repositories that are not named keep their state, removed ones drop out, and a
 * newer try by somebody else meanwhile (a person's run of one repository) stands.
 */
export async function storeSweepState(
  tx: Transaction,
  ended: { readonly runId: string; readonly writeBack: boolean; readonly repos: ReadonlyMap<string, RepoState> },
): Promise<void> {
  const states = JSON.stringify(Object.fromEntries(ended.repos));
  await tx`
    with known as (
      select r.id, seen.value as seen, stored.value as stored
      from repos r
      left join jsonb_each(${states}::text::jsonb) seen on seen.key = r.id::text
      left join (select e.key, e.value from sweep_state s, jsonb_each(s.repos) e) stored on stored.key = r.id::text
      where r.removed_at is null
    ), kept as (
      select id, case
        when seen is null then coalesce(stored, ${JSON.stringify(NEVER_TRIED)}::text::jsonb)
        when (stored ->> 'tried_at')::timestamptz > (seen ->> 'tried_at')::timestamptz
          and (stored ->> 'tried_at')::timestamptz <= now() then stored
        else seen end as state
      from known
    )
    insert into sweep_state (run_id, write_back, finished_at, repos)
    select ${ended.runId}::uuid, ${ended.writeBack}, now(), coalesce(jsonb_object_agg(id, state), '{}') from kept
    on conflict (singleton) do update set run_id = excluded.run_id, write_back = sweep_state.write_back or excluded.write_back,
      finished_at = excluded.finished_at, repos = excluded.repos`;
}

/** Notes what a run of one repository came to, so that the sweeps stop waiting for it; before the first sweep, nothing. */
export async function storeRepoState(tx: Transaction, repoId: string, state: RepoState): Promise<void> {
  await tx`
    update sweep_state
    set repos = jsonb_set(repos, array[${repoId}::text], ${JSON.stringify(state)}::text::jsonb)`;
}

/** Read with care: a row that somebody corrected by hand must not stop every sweep. */
function stateFrom(stored: unknown): RepoState {
  const state = (typeof stored === "object" && stored !== null ? stored : {}) as Record<string, unknown>;
  const { failures } = state;
  return {
    ok_at: momentIn(state.ok_at),
    tried_at: momentIn(state.tried_at),
    failures: typeof failures === "number" && failures > 0 ? Math.floor(failures) : 0,
    retry_at: momentIn(state.retry_at),
    tip: textIn(state.tip),
    problem: textIn(state.problem),
  };
}

function momentIn(value: unknown): string | null {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : null;
}

function textIn(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
