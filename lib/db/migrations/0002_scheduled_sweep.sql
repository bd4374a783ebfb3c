-- The sweep of the remotes: which repositories were checked when, who may sweep now, what could not be written back.

-- The fingerprint of the last complete pass over one source of a repository; the name is free for the sweep's own row.
ALTER TABLE sweep_state RENAME TO repo_passes;
ALTER INDEX sweep_state_pkey RENAME TO repo_passes_pkey;
ALTER TABLE repo_passes RENAME CONSTRAINT sweep_state_repo_id_fkey TO repo_passes_repo_id_fkey;
-- The workplans folder's own id: a new commit that leaves it alone needs no reading.
ALTER TABLE repo_passes ADD COLUMN tree text;

-- One row, written once a sweep: when each repository was checked last, and which of them wait after a failure.
CREATE TABLE sweep_state (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  run_id uuid NOT NULL,
  -- Whether any sweep was allowed to commit and push: only then is a correction that waits a finding.
  write_back boolean NOT NULL,
  finished_at timestamptz NOT NULL,
  -- By repository id: {ok_at, tried_at, failures, retry_at, tip, problem}, times ISO 8601.
  repos jsonb NOT NULL
);

ALTER TABLE sweep_lease ADD COLUMN run_id uuid;
ALTER TABLE sweep_lease ADD COLUMN max_seconds integer;
-- Null while it is held, and after a holder that never said goodbye.
ALTER TABLE sweep_lease ADD COLUMN released_at timestamptz;

-- The newest tip of the remote that was applied: an unpushed local commit may stand in last_source_commit meanwhile.
ALTER TABLE repos ADD COLUMN last_remote_commit text;

-- Why the correction has not reached its file yet; null until it was tried.
ALTER TABLE writeback_intents ADD COLUMN problem text;
-- The value that was on its way to the file: a push may land after its run was killed, and is then no person's edit.
ALTER TABLE writeback_intents ADD COLUMN sent_value text;
ALTER TABLE writeback_intents ADD COLUMN sent_at timestamptz;
CREATE INDEX writeback_intents_done ON writeback_intents (repo_id, done_at) WHERE done_at IS NOT NULL;

-- Who looks for a finding again: 'repo', 'hub', 'remote', or 'checkouts:HOST' and 'follow:HOST', which no other host can judge.
ALTER TABLE findings DROP CONSTRAINT findings_origin_check;
