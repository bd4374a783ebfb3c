-- Moving the schedule: whether a scheduled activity ran is asked by people, in psql, who do not think of the schema.

-- The runs of scheduled activities, as they are; only lib/activity writes them.
CREATE VIEW activity_runs AS
  SELECT run_id, definition_id, source, scheduled_for, fired_at, finished_at, status, reason, attempts, context_snapshot
  FROM activity.activity_runs;
