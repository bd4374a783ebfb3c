// The rows that a file's text means, and which of their fields are the file's alone. (pure)

import { canonical } from "../canonical.ts";
import type { ParsedReading, TaskBlock } from "../workplan/types.ts";
import type { TaskRow, WorkstreamRow } from "./hub_snapshot.ts";

export type WorkstreamRecord = Omit<WorkstreamRow, "base">;
export type TaskRecord = Omit<TaskRow, "base" | "decided">;

/** Set by the file alone: the API refuses to change them on a row that has a file. */
export const FILE_OWNED_WORKSTREAM_FIELDS = [
  "title",
  "domain",
  "topic",
  "owner",
  "created",
  "updated",
  "follow_up_workplan",
  "supersedes_intent_from",
  "depends_on",
  "extra",
] as const;
export const FILE_OWNED_TASK_FIELDS = ["title", "priority", "needs_human", "intervention_note", "extra"] as const;

/** Its file or block is there, whatever else may be wrong. */
export const NOT_MISSING = { missing_since: null, missing_at_commit: null } as const;
const PRESENT = { stale_source: false, ...NOT_MISSING, orphaned_at: null } as const;

/** The row of a workplan that was read well: present, neither stale nor orphaned. */
export function workstreamFromFile(
  { path, workplan }: ParsedReading,
  key: { id: string; repo_id: string },
): WorkstreamRecord {
  return {
    ...key,
    workplan_id: workplan.id,
    path,
    title: workplan.title,
    domain: workplan.domain,
    topic: workplan.topicSlug,
    status: workplan.status,
    owner: workplan.owner,
    created: workplan.created,
    updated: workplan.updated,
    follow_up_workplan: workplan.followUpWorkplan,
    supersedes_intent_from: workplan.supersedesIntentFrom,
    depends_on: [...new Set(workplan.dependsOn)].sort(),
    extra: workplan.extra,
    ...PRESENT,
  };
}

export function taskFromBlock(
  block: TaskBlock,
  key: { id: string; repo_id: string; workstream_id: string },
): TaskRecord {
  return {
    ...key,
    task_id: block.id,
    line: block.line,
    title: block.title,
    status: block.status,
    priority: block.priority,
    completed: block.completed,
    needs_human: block.needsHuman,
    intervention_note: block.interventionNote,
    extra: block.extra,
    ...PRESENT,
  };
}

/** A row's file-owned fields by name: kept in sync_base to notice which of them were edited in the hub. */
export function fileOwned(row: object, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, (row as Record<string, unknown>)[field] ?? null]));
}

/** A field as the text that values are compared and kept by: structured ones as JSON with sorted keys. */
export function fieldOf(row: object, field: string): string | null {
  const value = (row as Record<string, unknown>)[field] ?? null;
  return value === null || typeof value === "string" ? value : canonical(value);
}
