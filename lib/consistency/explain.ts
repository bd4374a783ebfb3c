// Why a row is as it is: the file's value, the hub's, the last that both agreed on, which rule decided, and what lost.
import type { Reader } from "../db/handles.ts";
import { usageFailure } from "../failure.ts";
import { type FileRow, fileSide } from "./explain_file.ts";
import { type FieldValue, threeWay } from "./three_way.ts";

export interface ExplainedField {
  readonly field: "status" | "completed";
  readonly file: FieldValue | undefined;
  readonly base: FieldValue | undefined;
  readonly hub: FieldValue;
  /** What the rule says of these three values now; null when the file can't be read on this host. */
  readonly rule: ReturnType<typeof threeWay>["rule"] | null;
}

export interface LostValue {
  readonly field: string;
  readonly base_value: FieldValue;
  readonly file_value: FieldValue;
  readonly hub_value: FieldValue;
  readonly source_commit: string | null;
  readonly created_at: string;
  readonly settled_at: string | null;
}

export interface Explanation {
  readonly kind: "workstream" | "task";
  readonly id: string;
  /** The workplan id, or the task id. */
  readonly key: string;
  readonly title: string;
  readonly repo: string;
  readonly path: string;
  readonly line: number | null;
  readonly state: readonly string[];
  readonly source_commit: string | null;
  readonly agreed_at: string | null;
  readonly version: number;
  readonly fields: readonly ExplainedField[];
  readonly lost: readonly LostValue[];
  readonly pending: readonly {
    readonly key: string;
    readonly value: string;
    readonly replaces: string | null;
    readonly reason: string;
    readonly created_at: string;
  }[];
  readonly findings: readonly {
    readonly check: string;
    readonly severity: string;
    readonly message: string;
    readonly first_seen: string;
    readonly waived: boolean;
  }[];
  /** Why the file's side is missing, when it is. */
  readonly file_remark: string | null;
  /** Why the next run takes nothing from the file, whatever the rules say; null when it follows them. */
  readonly held_back: string | null;
}

interface FoundRow extends FileRow {
  id: string;
  title: string;
  line: number | null;
  status: string;
  completed: string | null;
  stale_source: boolean;
  missing_since: string | null;
  orphaned_at: string | null;
  source_commit: string | null;
  version: number;
  base: { status: string; completed: string | null; set_at: string } | null;
}

/**
 * @param id a hub id, a workplan id or a task id; one that stands in several repositories gives several explanations
 * @throws OpsFailure (usage) when nothing in the hub has this id
 */
export async function explain(sql: Reader, id: string, host: string): Promise<Explanation[]> {
  const rows = await findRows(sql, id);
  if (rows.length === 0) {
    throw usageFailure("Could not explain", {
      observed: `nothing in the hub has the id ${id}`,
      hint: "scripts/consistency_check.ts --all",
    });
  }
  return Promise.all(rows.map((row) => explainRow(sql, row, host)));
}

function findRows(sql: Reader, id: string) {
  return sql<FoundRow[]>`
    with found as (
      select 'workstream' as kind, w.id, w.workplan_id as key, w.workplan_id, w.title, w.repo_id, w.path, null::int as line, w.status,
        null::date as completed, w.stale_source, w.missing_since, w.orphaned_at, w.source_commit, w.version
      from workstreams w where w.id::text = lower(${id}) or w.workplan_id = ${id}
      union all
      select 'task', t.id, t.task_id, w.workplan_id, t.title, t.repo_id, w.path, t.line, t.status, t.completed, t.stale_source,
        t.missing_since, t.orphaned_at, t.source_commit, t.version
      from tasks t join workstreams w on w.id = t.workstream_id where t.id::text = lower(${id}) or t.task_id = ${id}
    )
    select found.kind, found.id, found.key, found.workplan_id, found.title, found.repo_id, repos.slug as repo, found.path, found.line,
      found.status, to_char(found.completed, 'YYYY-MM-DD') as completed, found.stale_source,
      to_json(found.missing_since) #>> '{}' as missing_since, to_json(found.orphaned_at) #>> '{}' as orphaned_at,
      found.source_commit, found.version::int as version, repos.removed_at is not null as removed,
      (select json_build_object('status', b.status, 'completed', b.completed, 'set_at', b.set_at) from sync_base b where b.row_id = found.id) as base
    from found join repos on repos.id = found.repo_id
    order by repos.slug, found.key limit 20`;
}

async function explainRow(sql: Reader, row: FoundRow, host: string): Promise<Explanation> {
  const [file, lost, pending, findings] = await Promise.all([
    fileSide(sql, row, host),
    lostValues(sql, row),
    pendingIntents(sql, row),
    findingsOf(sql, row),
  ]);
  const hubSide = { status: row.status, completed: row.completed };
  const fields = (row.kind === "task" ? (["status", "completed"] as const) : (["status"] as const)).map(
    (field): ExplainedField => {
      const [base, hub, inFile] = [row.base?.[field], hubSide[field], file.values?.[field]];
      return { field, file: inFile, base, hub, rule: inFile === undefined ? null : threeWay(base, inFile, hub).rule };
    },
  );
  const state = [
    row.orphaned_at && `orphaned since ${row.orphaned_at}`,
    row.missing_since && `file missing since ${row.missing_since}`,
    row.stale_source && "its file cannot be read: last good values",
  ];
  return {
    kind: row.kind,
    id: row.id,
    key: row.key,
    title: row.title,
    repo: row.repo,
    path: row.path,
    line: row.line,
    state: state.filter((each): each is string => typeof each === "string"),
    source_commit: row.source_commit,
    agreed_at: row.base?.set_at ?? null,
    version: row.version,
    fields,
    lost: [...lost],
    pending: [...pending],
    findings: [...findings],
    file_remark: file.remark,
    held_back: file.heldBack,
  };
}

function lostValues(sql: Reader, { id }: FoundRow) {
  return sql<LostValue[]>`
    select field, base_value, file_value, hub_value, source_commit, to_json(created_at) #>> '{}' as created_at, to_json(settled_at) #>> '{}' as settled_at
    from conflicts where row_id = ${id} order by created_at desc, id desc limit 50`;
}

function pendingIntents(sql: Reader, { id }: FoundRow) {
  return sql<Explanation["pending"][number][]>`
    select key, value, replaces, reason, to_json(created_at) #>> '{}' as created_at
    from writeback_intents where row_id = ${id} and done_at is null and cancelled_at is null order by key`;
}

function findingsOf(sql: Reader, { repo_id, key }: FoundRow) {
  return sql<Explanation["findings"][number][]>`
    select check_id as check, severity, message, to_json(first_seen) #>> '{}' as first_seen, waiver_id is not null as waived
    from findings where repo_id = ${repo_id} and subject = ${key} and closed_at is null order by severity, check_id`;
}
