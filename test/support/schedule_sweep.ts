// A sweep that costs next to nothing and leaves what a sweep leaves: it takes the fleet's lock, works for a moment, and has its row
// of activity_runs in its slot, by the database's clock. A schedule of seconds on two cores has no room for more.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface SweepTerms {
  readonly url: string;
  readonly definition: string;
  readonly periodS: number;
}

/** @returns how it is called: this, the source, and for a person's run its id */
export function sweepProgram(folder: string, terms: SweepTerms): string[] {
  const { hostname, port, username, password, pathname } = new URL(terms.url);
  const [script, statements] = [join(folder, "sweep.sh"), join(folder, "sweep.sql")];
  writeFileSync(statements, statementsOf(terms));
  const lines = [
    `export PGHOST=${hostname} PGPORT=${port} PGUSER=${username} PGPASSWORD=${decodeURIComponent(password)}`,
    `export PGDATABASE=${pathname.slice(1)} PGOPTIONS='-c client_min_messages=warning'`,
    `exec psql -X -q -v ON_ERROR_STOP=1 -v "source=$1" -v "run_id=\${2:-$(cat /proc/sys/kernel/random/uuid)}" -f ${statements} -o /dev/null`,
  ];
  writeFileSync(script, `${lines.join("\n")}\n`, { mode: 0o700 });
  return ["/bin/bash", script];
}

function statementsOf({ definition, periodS }: SweepTerms): string {
  const report = `jsonb_build_object('run_id', :'run_id', 'exit_code', 0, 'lock_skipped', not :'free'::boolean,
    'automation_error', null, 'duration_ms', 50, 'assessment_failures', '[]'::jsonb, 'assessment_totals', '{}'::jsonb,
    'truncated', false, 'repos_processed', '[]'::jsonb, 'skipped_clean', '[]'::jsonb)`;
  return `
select case when :'source' = 'manual' then '' else date_bin('${periodS} seconds', clock_timestamp(), '2000-01-01')::text end as slot,
  clock_timestamp() as at, pg_try_advisory_lock(hashtextextended('state-hub:fleet', 0)) as free \\gset
insert into fired (source, slot, at) values (:'source', nullif(:'slot', '')::timestamptz, :'at');
select pg_sleep(0.05);
insert into activity.activity_runs as r (run_id, definition_id, source, scheduled_for, fired_at, finished_at, status, reason, context_snapshot)
values (:'run_id', '${definition}', :'source', nullif(:'slot', '')::timestamptz, :'at', clock_timestamp(),
  case when :'free'::boolean then 'succeeded' else 'skipped' end, case when not :'free'::boolean then 'the lock is held' end,
  jsonb_build_object('consistency_sweep_remote_all', ${report}))
on conflict (definition_id, scheduled_for, source) do update set attempts = r.attempts + 1;
insert into progress_events (id, event_type, source, summary, detail)
values (:'run_id', 'consistency_sweep_remote_all', :'source', 'exit 0', ${report});
`;
}
