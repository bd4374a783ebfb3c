// The saved plan as a file: what it holds, and how its digest is made. It is evidence and never a source of values: whoever
// applies it works everything out again and compares, so that an edited file can only be refused.
import { z } from "zod";
import { digestOf } from "../../canonical.ts";

export const PLAN_KIND = "state-hub-plan";
const VERSION = 1;

const text = z.string();
const id = z.guid();
const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const row = z.record(z.string(), z.unknown());
/** A row as it will be, with what the fields that change say now. */
const change = z.strictObject({ row, was: row });

const rows = z.strictObject({
  create_workstreams: z.array(row),
  update_workstreams: z.array(change),
  create_tasks: z.array(row),
  update_tasks: z.array(change),
  orphan_workstreams: z.array(row),
  orphan_tasks: z.array(row),
  /** What a person must release before it is orphaned. */
  hold: z.strictObject({ workstreams: z.array(row), tasks: z.array(row) }),
  bases: z.array(row),
  conflicts: z.array(row),
  /** Ids of earlier conflicts that nobody needs to read any more. */
  settle_conflicts: z.array(id),
  /** What files should say: noted in the hub, in order of the files. */
  note_corrections: z.array(row),
  end_corrections: z.array(row),
});

const pass = z.strictObject({
  /** Of every row that the plan was computed from. */
  versions: z.array(z.strictObject({ id, row: text, version: z.int() })),
  /** Ids for new rows, in the order in which they are handed out. */
  minted: z.array(id),
  rows,
});

const edit = z.strictObject({
  path: text,
  blob_before: objectId,
  blob_after: objectId,
  /** Numbered as in the new file; `was` is null for a line that is added. Texts hold their line endings. */
  lines: z.array(z.strictObject({ line: z.int(), was: text.nullable(), becomes: text })),
});

const refusedCorrection = z.strictObject({ path: text, line: z.int(), message: text });

const readRepo = z.strictObject({
  id,
  slug: text,
  /** The checkout's path, or the remote's URL without anything secret. */
  source: text,
  branch: text,
  commit: objectId,
  /** Of the workplans folder; null when the commit has none. */
  tree: objectId.nullable(),
  order: text,
  last_source_commit: text.nullable(),
  blobs: z.array(z.tuple([text, objectId])),
});

const plannedRepo = z.strictObject({
  ...readRepo.shape,
  ...pass.shape,
  edits: z.array(edit),
  /** Corrections that their files will not take: what stands there now is not what was read, or cannot be replaced. */
  refused: z.array(refusedCorrection),
  /** What the hub writes about it once the edits are published; null when there are none. */
  after_push: pass.nullable(),
});

const body = z.strictObject({
  schema_version: z.literal(VERSION),
  kind: z.literal(PLAN_KIND),
  /** ISO 8601, UTC. */
  made_at: z.iso.datetime(),
  /** What judged: another version of it may judge otherwise. */
  checker: text,
  /** A restored copy has the same instance id, but another system or another name. */
  hub: z.strictObject({ instance_id: id, system_identifier: text, database: text }),
  host: text,
  run: z.strictObject({
    scope: z.union([
      z.strictObject({ all: z.literal(true) }),
      z.strictObject({ slug: text }),
      z.strictObject({ path: text }),
    ]),
    remote: z.boolean(),
    full: z.boolean(),
    write_back: z.boolean(),
  }),
  in_scope: z.array(z.strictObject({ id, slug: text })),
  /** Domains and topics that the hub does not know yet. */
  vocabulary: z.array(z.strictObject({ domain: text, topic: text })),
  /** What would be written, in this order. */
  repos: z.array(plannedRepo),
  /** Read for the ids that their files claim; nothing would be written about them, and they may move on. */
  also_read: z.array(readRepo),
});

export const savedPlan = z.strictObject({ ...body.shape, digest: z.string().regex(/^[0-9a-f]{64}$/) });

export type PlannedRows = z.infer<typeof rows>;
export type PlannedPass = z.infer<typeof pass>;
export type PlannedEdit = z.infer<typeof edit>;
export type RefusedCorrection = z.infer<typeof refusedCorrection>;
export type PlanEvidence = z.infer<typeof readRepo>;
export type PlannedRepoEntry = z.infer<typeof plannedRepo>;
export type PlanBody = z.infer<typeof body>;
export type SavedPlan = z.infer<typeof savedPlan>;

/** The plan with its digest: SHA-256, in hex, over all the rest as canonical JSON. */
export function sealed(plan: PlanBody): SavedPlan {
  return { ...plan, digest: digestOf(plan) };
}

/** Whether it still says what it said when it was made. */
export function isUnaltered({ digest, ...plan }: SavedPlan): boolean {
  return digest === digestOf(plan);
}

export function newPlan(plan: Omit<PlanBody, "schema_version" | "kind">): PlanBody {
  return { schema_version: VERSION, kind: PLAN_KIND, ...plan };
}
