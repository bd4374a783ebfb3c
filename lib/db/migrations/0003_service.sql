-- The hub as a service: requests that may be repeated, runs that were asked for over HTTP, lists by time, and a relay
-- that is woken when there is an event to publish.

-- The answer to a POST or PATCH that carried an Idempotency-Key, stored in the transaction of its effect.
CREATE TABLE idempotency_keys (
  key text PRIMARY KEY,
  -- SHA-256 of method, path and body: the same key for something else is a mistake of the client's.
  digest text NOT NULL,
  status integer,
  headers jsonb,
  body text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Runs that somebody asked for over HTTP. `server` is the name of the advisory lock that its hub holds while it lives:
-- whether a run that never ended is still at work can be told from pg_locks, by any hub.
CREATE TABLE consistency_runs (
  run_id uuid PRIMARY KEY,
  mode text NOT NULL CHECK (mode IN ('repo', 'remote-all')),
  -- The repository's slug; null for the sweep of all.
  slug text,
  source text NOT NULL,
  max_seconds integer,
  server text NOT NULL,
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'finished', 'interrupted')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  -- Why it was interrupted, in words.
  problem text,
  -- The run's whole result; null until it has finished.
  result json
);
CREATE INDEX consistency_runs_running ON consistency_runs (server) WHERE status = 'running';
CREATE INDEX consistency_runs_by_status ON consistency_runs (status);
CREATE INDEX consistency_runs_by_time ON consistency_runs (requested_at DESC, run_id DESC);

-- Every list is newest first and goes on after (time, id).
CREATE INDEX progress_events_by_time ON progress_events (created_at DESC, id DESC);
CREATE INDEX progress_events_by_source ON progress_events (source, created_at DESC, id DESC);
CREATE INDEX workstreams_by_time ON workstreams (created_at DESC, id DESC);
CREATE INDEX tasks_by_time ON tasks (created_at DESC, id DESC);
CREATE INDEX tasks_by_task ON tasks (task_id);
CREATE INDEX decisions_by_time ON decisions (created_at DESC, id DESC);
CREATE INDEX domain_goals_by_time ON domain_goals (created_at DESC, id DESC);
CREATE INDEX token_events_by_time ON token_events (created_at DESC, id DESC);
CREATE INDEX token_events_by_workstream ON token_events (workstream_id, created_at DESC, id DESC) WHERE workstream_id IS NOT NULL;
CREATE INDEX token_events_by_task ON token_events (task_id, created_at DESC, id DESC) WHERE task_id IS NOT NULL;
CREATE INDEX findings_by_time ON findings (first_seen DESC, id DESC);
CREATE INDEX activity_runs_by_time ON activity.activity_runs (fired_at DESC, run_id DESC);
-- Counted and timed for the metrics, years of them, without opening a report.
CREATE INDEX activity_runs_measured ON activity.activity_runs (definition_id, source, status) INCLUDE (scheduled_for, fired_at, finished_at);
-- Counted for each summary without reading the rows themselves.
CREATE INDEX tasks_by_status ON tasks (status, repo_id) WHERE orphaned_at IS NULL;
CREATE INDEX tasks_orphaned ON tasks (repo_id) WHERE orphaned_at IS NOT NULL;
CREATE INDEX decisions_open ON decisions (created_at) WHERE status = 'open';
CREATE INDEX domain_goals_active ON domain_goals (domain_id) WHERE status = 'active';

-- Wakes the relays at the commit; that they also look from time to time covers a notice that got lost.
CREATE FUNCTION state_hub_outbox_filled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('state_hub_outbox', '');
  RETURN NULL;
END $$;
CREATE TRIGGER filled AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION state_hub_outbox_filled();
-- In the order in which they came, and the same order for every relay.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (created_at, id) WHERE published_at IS NULL AND suppressed_at IS NULL;
CREATE INDEX outbox_by_time ON outbox (created_at DESC, id DESC);
-- For status and metrics, however many old events there are.
CREATE INDEX outbox_suppressed ON outbox (created_at, id) WHERE suppressed_at IS NOT NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;
-- Each row is changed twice soon after it came; with room on its page the first change touches no index.
ALTER TABLE outbox SET (fillfactor = 50);
