-- The State Hub: what people plan (repos, workstreams, tasks), what the reconciler remembers about it, and what it tells others.
-- Rows are marked, never deleted. Natural keys are UNIQUE, so that an id lost from a file cannot make a second row.

-- RFC 9562 version 7: 48 bits of Unix milliseconds, then random bits. PostgreSQL has no uuidv7() before 18.
CREATE FUNCTION state_hub_uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

-- Which hub this is: a copy that was restored beside the original can be told from it by system_identifier, not by this.
CREATE TABLE hub_instance (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  instance_id uuid NOT NULL DEFAULT state_hub_uuid_v7(),
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO hub_instance DEFAULT VALUES;

CREATE TABLE domains (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  slug text NOT NULL UNIQUE,
  title text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE topics (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  domain_id uuid NOT NULL REFERENCES domains,
  slug text NOT NULL,
  title text,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (domain_id, slug)
);

CREATE TABLE repos (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  slug text NOT NULL UNIQUE,
  domain_id uuid REFERENCES domains,
  remote_url text,
  -- Ids of the commits without parents, sorted and joined by spaces: how a second clone is recognised.
  root_commits text,
  default_branch text,
  last_source_commit text,
  change_counter bigint NOT NULL DEFAULT 0,
  -- Since when no checkout of it could be found; null while one can.
  missing_since timestamptz,
  removed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE repo_checkouts (
  host text NOT NULL,
  path text NOT NULL,
  repo_id uuid NOT NULL REFERENCES repos,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (host, path)
);
CREATE INDEX repo_checkouts_by_repo ON repo_checkouts (repo_id);

CREATE TABLE workstreams (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  repo_id uuid NOT NULL REFERENCES repos,
  workplan_id text NOT NULL,
  path text NOT NULL,
  title text NOT NULL,
  domain_id uuid REFERENCES domains,
  topic_id uuid REFERENCES topics,
  status text NOT NULL CHECK (status IN ('draft', 'active', 'blocked', 'finished', 'cancelled', 'archived')),
  owner text,
  created date,
  updated date,
  follow_up_workplan text,
  supersedes_intent_from text,
  extra jsonb NOT NULL DEFAULT '{}',
  source_commit text,
  -- The file is there but could not be read: the values are its last good ones.
  stale_source boolean NOT NULL DEFAULT false,
  -- First sighting of the file's absence, and at which commit: a second one, later, may orphan the row.
  missing_since timestamptz,
  missing_at_commit text,
  orphaned_at timestamptz,
  status_changed_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (repo_id, workplan_id)
);
CREATE INDEX workstreams_by_workplan ON workstreams (workplan_id);
CREATE INDEX workstreams_active ON workstreams (updated) WHERE status = 'active' AND orphaned_at IS NULL;

CREATE TABLE tasks (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  repo_id uuid NOT NULL REFERENCES repos,
  workstream_id uuid NOT NULL REFERENCES workstreams,
  task_id text NOT NULL,
  line integer NOT NULL,
  title text NOT NULL,
  status text NOT NULL CHECK (status IN ('todo', 'in_progress', 'blocked', 'done', 'cancelled')),
  priority text NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'critical')),
  completed date,
  needs_human boolean NOT NULL DEFAULT false,
  intervention_note text,
  extra jsonb NOT NULL DEFAULT '{}',
  source_commit text,
  stale_source boolean NOT NULL DEFAULT false,
  missing_since timestamptz,
  missing_at_commit text,
  orphaned_at timestamptz,
  status_changed_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workstream_id, task_id)
);
CREATE INDEX tasks_by_repo ON tasks (repo_id);
CREATE INDEX tasks_waiting_for_people ON tasks (repo_id) WHERE needs_human AND orphaned_at IS NULL;

-- `depends_on` as written, so that it can name a workplan that is not known yet.
CREATE TABLE dependencies (
  workstream_id uuid NOT NULL REFERENCES workstreams,
  depends_on text NOT NULL,
  PRIMARY KEY (workstream_id, depends_on)
);
CREATE INDEX dependencies_by_target ON dependencies (depends_on);

-- What each repo's files held at its last_source_commit: who claims which id. Cross-repo checks read this, not the files.
CREATE TABLE workplan_files (
  repo_id uuid NOT NULL REFERENCES repos,
  path text NOT NULL,
  blob text NOT NULL,
  state text NOT NULL CHECK (state IN ('parsed', 'failed')),
  workplan_id text,
  hub_id uuid,
  PRIMARY KEY (repo_id, path)
);
CREATE INDEX workplan_files_by_workplan ON workplan_files (workplan_id);
CREATE INDEX workplan_files_by_hub_id ON workplan_files (hub_id);

-- The last values that file and hub agreed on, one row for a workstream or task. `file_values` holds the
-- fields that only the file may set, as they were last applied: where the row differs it was edited in the hub.
CREATE TABLE sync_base (
  row_id uuid PRIMARY KEY,
  status text NOT NULL,
  completed date,
  file_values jsonb NOT NULL,
  source_commit text,
  set_at timestamptz NOT NULL DEFAULT now()
);

-- Every value that lost a reconciliation, kept for `explain`.
CREATE TABLE conflicts (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  repo_id uuid NOT NULL REFERENCES repos,
  row_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('workstream', 'task')),
  field text NOT NULL,
  base_value text,
  file_value text,
  hub_value text,
  source_commit text,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- When the field moved on, so that the conflict no longer needs a reader.
  settled_at timestamptz
);
CREATE INDEX conflicts_by_row ON conflicts (row_id, created_at DESC);
CREATE INDEX conflicts_open ON conflicts (repo_id) WHERE settled_at IS NULL;

CREATE TABLE waivers (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  check_id text NOT NULL,
  repo_id uuid REFERENCES repos,
  path text,
  subject text,
  owner text NOT NULL CHECK (owner <> ''),
  reason text NOT NULL CHECK (reason <> ''),
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz
);

CREATE TABLE findings (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  repo_id uuid NOT NULL REFERENCES repos,
  -- What makes it the same finding on the next run: check, path, subject and kind of problem; never the line.
  finding_key text NOT NULL,
  -- Who looks for it again: the pass over the repository's files, or the one over the hub's rows.
  origin text NOT NULL CHECK (origin IN ('repo', 'hub')),
  check_id text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('error', 'warning')),
  path text,
  line integer,
  "column" integer,
  subject text,
  message text NOT NULL,
  observed text,
  expected text,
  hint text,
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now(),
  -- At how many different commits it was seen: a repeated look at the same commit writes nothing.
  seen_count integer NOT NULL DEFAULT 1,
  last_commit text,
  times_reopened integer NOT NULL DEFAULT 0,
  closed_at timestamptz,
  waiver_id uuid REFERENCES waivers,
  UNIQUE (repo_id, finding_key)
);
CREATE INDEX findings_open ON findings (repo_id, check_id) WHERE closed_at IS NULL;

-- What a file should say but does not yet; done when a commit with it was pushed, cancelled when it is no longer meant.
CREATE TABLE writeback_intents (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  repo_id uuid NOT NULL REFERENCES repos,
  row_id uuid NOT NULL,
  path text NOT NULL,
  subject text NOT NULL,
  key text NOT NULL,
  value text NOT NULL,
  replaces text,
  reason text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  cancelled_at timestamptz
);
CREATE UNIQUE INDEX writeback_intents_pending ON writeback_intents (row_id, key) WHERE done_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX writeback_intents_pending_by_repo ON writeback_intents (repo_id) WHERE done_at IS NULL AND cancelled_at IS NULL;

-- Removals that a guard refused; released by the digest that a person has read.
CREATE TABLE held_plans (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  repo_id uuid NOT NULL REFERENCES repos,
  digest text NOT NULL,
  plan jsonb NOT NULL,
  source_commit text,
  created_at timestamptz NOT NULL DEFAULT now(),
  applied_at timestamptz,
  superseded_at timestamptz
);
CREATE UNIQUE INDEX held_plans_open ON held_plans (repo_id) WHERE applied_at IS NULL AND superseded_at IS NULL;

-- The fingerprint of the last complete pass per source of a repo ("checkout:HOST:PATH"): equal means nothing to do.
CREATE TABLE sweep_state (
  repo_id uuid NOT NULL REFERENCES repos,
  source text NOT NULL,
  commit text NOT NULL,
  change_counter bigint NOT NULL,
  checker text NOT NULL,
  work_tree text NOT NULL,
  workplans jsonb NOT NULL,
  full_pass_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (repo_id, source)
);

CREATE TABLE sweep_lease (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  source text NOT NULL,
  host text NOT NULL,
  pid integer NOT NULL,
  since timestamptz NOT NULL,
  heartbeat timestamptz NOT NULL,
  fence bigint NOT NULL
);

CREATE TABLE decisions (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  repo_id uuid REFERENCES repos,
  workstream_id uuid REFERENCES workstreams,
  task_id uuid REFERENCES tasks,
  title text NOT NULL,
  detail text,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved', 'withdrawn')),
  outcome text,
  requires_human boolean NOT NULL DEFAULT false,
  subject_digest text,
  signature text,
  resolved_by text,
  resolved_at timestamptz,
  expires_at timestamptz,
  used_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX decisions_by_task ON decisions (task_id);

CREATE TABLE domain_goals (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  domain_id uuid NOT NULL REFERENCES domains,
  title text NOT NULL,
  detail text,
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'achieved', 'dropped')),
  activated_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE progress_events (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  event_type text NOT NULL,
  source text,
  summary text,
  workstream_id uuid REFERENCES workstreams,
  task_id uuid REFERENCES tasks,
  detail jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX progress_events_by_type ON progress_events (event_type, created_at DESC, id DESC);

CREATE TABLE token_events (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  workstream_id uuid REFERENCES workstreams,
  task_id uuid REFERENCES tasks,
  agent text,
  model text,
  input_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  detail jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Lifecycle events, written in the transaction of the change that they tell of; a relay publishes them.
CREATE TABLE outbox (
  id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  subject text NOT NULL,
  attributes jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  attempted_at timestamptz,
  published_at timestamptz,
  suppressed_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (created_at) WHERE published_at IS NULL AND suppressed_at IS NULL;

CREATE SCHEMA activity;
CREATE TABLE activity.activity_definitions (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  definition jsonb NOT NULL,
  enabled boolean NOT NULL DEFAULT false,
  digest text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE activity.activity_runs (
  run_id uuid PRIMARY KEY DEFAULT state_hub_uuid_v7(),
  definition_id uuid NOT NULL,
  source text NOT NULL,
  scheduled_for timestamptz,
  fired_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  status text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'skipped')),
  reason text,
  attempts integer NOT NULL DEFAULT 1,
  context_snapshot jsonb NOT NULL DEFAULT '{}',
  UNIQUE (definition_id, scheduled_for, source)
);

-- A row's version and the moment of its last change of status, whoever makes the change.
CREATE FUNCTION state_hub_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.updated_at := now();
  RETURN NEW;
END $$;
CREATE FUNCTION state_hub_touch_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.updated_at := now();
  IF NEW.status IS DISTINCT FROM OLD.status THEN NEW.status_changed_at := now(); END IF;
  RETURN NEW;
END $$;
-- A decision about a workstream or task belongs to its repository, whoever records it: its rows are looked at again then.
CREATE FUNCTION state_hub_decision_repo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.repo_id := coalesce(NEW.repo_id, (SELECT repo_id FROM tasks WHERE id = NEW.task_id), (SELECT repo_id FROM workstreams WHERE id = NEW.workstream_id));
  RETURN NEW;
END $$;
CREATE TRIGGER belongs BEFORE INSERT OR UPDATE ON decisions FOR EACH ROW EXECUTE FUNCTION state_hub_decision_repo();
CREATE TRIGGER touch BEFORE UPDATE ON workstreams FOR EACH ROW EXECUTE FUNCTION state_hub_touch_status();
CREATE TRIGGER touch BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION state_hub_touch_status();
CREATE TRIGGER touch BEFORE UPDATE ON decisions FOR EACH ROW EXECUTE FUNCTION state_hub_touch();
CREATE TRIGGER touch BEFORE UPDATE ON domain_goals FOR EACH ROW EXECUTE FUNCTION state_hub_touch();

-- repos.change_counter: any change of a repo's rows makes its stored fingerprint stale. Once a statement, not a row.
CREATE FUNCTION state_hub_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE repos SET change_counter = change_counter + 1 WHERE id IN (SELECT DISTINCT repo_id FROM new_rows);
  RETURN NULL;
END $$;
CREATE FUNCTION state_hub_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE repos SET change_counter = change_counter + 1 WHERE id IN (SELECT DISTINCT repo_id FROM old_rows);
  RETURN NULL;
END $$;
CREATE FUNCTION state_hub_count_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE repos SET change_counter = change_counter + 1
  WHERE id IN (SELECT repo_id FROM new_rows UNION SELECT repo_id FROM old_rows);
  RETURN NULL;
END $$;
DO $$
DECLARE counted text;
BEGIN
  FOREACH counted IN ARRAY ARRAY['workstreams', 'tasks', 'decisions'] LOOP
    EXECUTE format('CREATE TRIGGER count_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION state_hub_count_insert()', counted);
    EXECUTE format('CREATE TRIGGER count_update AFTER UPDATE ON %I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION state_hub_count_update()', counted);
    EXECUTE format('CREATE TRIGGER count_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows
      FOR EACH STATEMENT EXECUTE FUNCTION state_hub_count_delete()', counted);
  END LOOP;
END $$;
