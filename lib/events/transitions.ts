// The one way by which a change becomes an event: whoever changes a status reports it here, in the transaction of the
// change. What is rolled back tells nobody, and what is committed cannot be forgotten.
import { eventOf, type Subject, type Transition } from "./lifecycle_events.ts";
import type { Statement } from "./statement.ts";

/**
 * Notes the events of these changes in the outbox; the rows must stand as they are after the change. Changes that concern
 * nobody else cost nothing.
 * @param sql a handle of the transaction that makes the change
 * @returns statements that are sent when the list is awaited: none when no change makes an event
 */
export function recordTransitions(sql: Statement, transitions: readonly Transition[]): PromiseLike<unknown>[] {
  const told = transitions.flatMap((transition) => {
    const event = eventOf(transition);
    return event === null ? [] : [{ ...transition, type: event.type }];
  });
  const kinds = [...new Set(told.map(({ of }) => of))];
  return kinds.map((kind) => NOTE[kind](sql, JSON.stringify(told.filter(({ of }) => of === kind))));
}

// The attributes are read from the rows themselves, in the order in which the reference page names them.
const NOTE: Readonly<Record<Subject, (sql: Statement, changes: string) => PromiseLike<unknown>>> = {
  repo: (sql, changes) => sql`
    insert into outbox (subject, attributes)
    select c.type, jsonb_build_object('repo_id', r.id, 'repo', r.slug, 'domain', d.slug,
      'remote_url', regexp_replace(r.remote_url, '^([a-z][a-z0-9+.-]*://)([^/?#]*@)?([^?#]*).*$', '\\1\\3', 'i'), 'from', c."from", 'to', c."to")
    from json_to_recordset(${changes}::text::json) as c(id uuid, type text, "from" text, "to" text)
    join repos r on r.id = c.id left join domains d on d.id = r.domain_id`,
  workstream: (sql, changes) => sql`
    insert into outbox (subject, attributes)
    select c.type, jsonb_build_object('workstream_id', w.id, 'workplan_id', w.workplan_id, 'repo_id', r.id, 'repo', r.slug,
      'domain', d.slug, 'from', c."from", 'to', c."to")
    from json_to_recordset(${changes}::text::json) as c(id uuid, type text, "from" text, "to" text)
    join workstreams w on w.id = c.id join repos r on r.id = w.repo_id left join domains d on d.id = w.domain_id`,
  decision: (sql, changes) => sql`
    insert into outbox (subject, attributes)
    select c.type, jsonb_build_object('decision_id', x.id, 'title', x.title, 'outcome', x.outcome, 'resolved_by', x.resolved_by,
      'repo_id', r.id, 'repo', r.slug, 'workstream_id', w.id, 'workplan_id', w.workplan_id, 'task_id', t.id, 'task', t.task_id,
      'from', c."from", 'to', c."to")
    from json_to_recordset(${changes}::text::json) as c(id uuid, type text, "from" text, "to" text)
    join decisions x on x.id = c.id left join repos r on r.id = x.repo_id left join tasks t on t.id = x.task_id
    left join workstreams w on w.id = coalesce(x.workstream_id, t.workstream_id)`,
  domain_goal: (sql, changes) => sql`
    insert into outbox (subject, attributes)
    select c.type, jsonb_build_object('domain_goal_id', g.id, 'title', g.title, 'domain_id', d.id, 'domain', d.slug,
      'from', c."from", 'to', c."to")
    from json_to_recordset(${changes}::text::json) as c(id uuid, type text, "from" text, "to" text)
    join domain_goals g on g.id = c.id join domains d on d.id = g.domain_id`,
  stale_task: (sql, changes) => sql`
    insert into outbox (subject, attributes)
    select c.type, jsonb_build_object('task_id', t.id, 'task', t.task_id, 'workstream_id', w.id, 'workplan_id', w.workplan_id,
      'repo_id', r.id, 'repo', r.slug, 'status_changed_at', c.status_changed_at, 'from', c."from", 'to', c."to")
    from json_to_recordset(${changes}::text::json) as c(id uuid, type text, "from" text, "to" text, status_changed_at text)
    join tasks t on t.id = c.id join workstreams w on w.id = t.workstream_id join repos r on r.id = t.repo_id`,
};
