// Which row a file, and which row a block, speaks of. The natural key (repo, workplan id) decides; the hub id in a file
// is a cache of it that can be missing, wrong or copied. Where two readings are possible nothing is written. (pure)
import type { ParsedReading, TaskBlock } from "../workplan/types.ts";
import type { Claims } from "./claims.ts";
import type { HubSnapshot, TaskRow, WorkstreamRow } from "./hub_snapshot.ts";
import type { FoundFile, RepoReading } from "./repo_reading.ts";

/** What the hub id in a file turned out to be. */
export type IdVerdict =
  | { readonly verdict: "same" }
  /** The file has none: write ours. */
  | { readonly verdict: "absent" }
  /** Unknown to the hub, and so is the natural key: the file's id becomes the row's. */
  | { readonly verdict: "adopt"; readonly id: string }
  /** Unknown to the hub, but the row has an id already: ours stands, the file is corrected. */
  | { readonly verdict: "hub_stands"; readonly found: string }
  /** The row of the id had another key, which is gone: the same thing under a new name or in a new place. */
  | { readonly verdict: "renamed" | "moved"; readonly from: string };

/** Why nothing is written for a file or block. */
export interface Frozen {
  readonly code: "id_in_two_files" | "id_of_another_row" | "id_in_two_places";
  readonly message: string;
  readonly observed: string;
}

export interface TaskMatch {
  readonly block: TaskBlock;
  readonly row: TaskRow | null;
  readonly id: IdVerdict | Frozen;
}

export interface WorkplanMatch {
  readonly reading: ParsedReading;
  readonly row: WorkstreamRow | null;
  readonly id: IdVerdict | Frozen;
  readonly tasks: readonly TaskMatch[];
}

export interface Matches {
  readonly workplans: readonly WorkplanMatch[];
  /** The rows that files which could not be parsed speak of, where that could be told. */
  readonly failed: readonly WorkstreamRow[];
  /** Rows whose file is there, but no longer looks like a workplan: a line above the front matter, say. */
  readonly disguised: readonly WorkstreamRow[];
  /** Rows of this repo that no file at this commit speaks of, and whose hub id stands in no other file: not on the move. */
  readonly missing: readonly WorkstreamRow[];
  /** Task rows whose workplan was parsed whole and has no block for them. */
  readonly missingTasks: readonly TaskRow[];
  /** Rows without a file or block of their own, whose hub id stands in another: not taken over, but not gone either. */
  readonly astray: { readonly workstreams: readonly WorkstreamRow[]; readonly tasks: readonly TaskRow[] };
  /** A failed file that matches no row: any absence might be that file's. */
  readonly suspended: boolean;
}

export function isFrozen(id: IdVerdict | Frozen): id is Frozen {
  return "code" in id;
}

/** Ids in the files that name rows of other repos: the snapshot must hold those rows too. */
export function foreignRowIds(repoId: string, reading: RepoReading, claims: Claims): string[] {
  const ids = reading.files.flatMap(({ reading: file }) =>
    file.state === "parsed" ? [file.workplan.hubId, ...file.tasks.map((task) => task.hubId)] : [],
  );
  return ids.filter((id): id is string => id !== null && (claims.ownerOf(id)?.repoId ?? repoId) !== repoId);
}

export function matchFiles(repoId: string, reading: RepoReading, hub: HubSnapshot, claims: Claims): Matches {
  const own = hub.workstreams.filter((row) => row.repo_id === repoId);
  const byKey = new Map(own.map((row) => [row.workplan_id, row]));
  const byId = new Map(hub.workstreams.map((row) => [row.id, row]));
  const filesById = filesByWorkplan(reading);
  // A row that a sound file speaks of is not a failed one's, whatever id was copied along.
  const unspoken = own.filter((row) => !filesById.has(row.workplan_id));
  const failedFiles = reading.files.filter(({ reading: file }) => file.state === "failed");
  const failed = failedFiles.map((file) => rowOfFailed(file, unspoken));
  const suspended = failed.includes(null);
  const ignored = new Set(reading.ignored);
  const context: Context = {
    repoId,
    claims,
    byKey,
    byId,
    suspended,
    filesById,
    tasksById: new Map(hub.tasks.map((row) => [row.id, row])),
    tasksOf: Map.groupBy(hub.tasks, (row) => row.workstream_id),
  };
  const workplans = reading.files.flatMap(({ reading: file }) =>
    file.state === "parsed" ? [matchWorkplan(file, context)] : [],
  );
  const spoken = new Set([...workplans.map(({ row }) => row?.id), ...failed.map((row) => row?.id)]);
  const [astray, silent] = parted(
    own.filter((row) => !spoken.has(row.id)),
    claims,
  );
  const [astrayTasks, absentTasks] = parted(tasksWithoutBlock(workplans, context), claims);
  return {
    workplans,
    failed: failed.filter((row) => row !== null),
    disguised: silent.filter((row) => ignored.has(row.path)),
    missing: silent.filter((row) => !ignored.has(row.path)),
    missingTasks: absentTasks,
    astray: { workstreams: astray, tasks: astrayTasks },
    suspended,
  };
}

interface Context {
  readonly repoId: string;
  readonly claims: Claims;
  readonly byKey: ReadonlyMap<string, WorkstreamRow>;
  readonly byId: ReadonlyMap<string, WorkstreamRow>;
  readonly suspended: boolean;
  readonly filesById: ReadonlyMap<string, ParsedReading>;
  readonly tasksById: ReadonlyMap<string, TaskRow>;
  readonly tasksOf: ReadonlyMap<string, readonly TaskRow[]>;
}

function filesByWorkplan(reading: RepoReading): Map<string, ParsedReading> {
  const parsed = reading.files
    .map(({ reading: file }) => file)
    .filter((file): file is ParsedReading => file.state === "parsed");
  return new Map(parsed.map((file) => [file.workplan.id, file]));
}

/** A failed file speaks of the row that its id, its hub id or, failing both, its path names. */
function rowOfFailed({ reading }: FoundFile, own: readonly WorkstreamRow[]): WorkstreamRow | null {
  if (reading.state !== "failed") return null;
  const named = own.find((row) => row.workplan_id === reading.id || row.id === reading.hubId);
  return named ?? own.find((row) => row.path === reading.path) ?? null;
}

function matchWorkplan(reading: ParsedReading, context: Context): WorkplanMatch {
  const { workplan } = reading;
  const keyed = context.byKey.get(workplan.id) ?? null;
  const id = judgeWorkplanId(reading, keyed, context);
  const row = isElsewhere(id) ? (context.byId.get(workplan.hubId ?? "") ?? null) : keyed;
  return { reading, row, id, tasks: matchTasks(reading, row, context) };
}

/** The row stood under another key. */
function isElsewhere(id: IdVerdict | Frozen): boolean {
  return !isFrozen(id) && (id.verdict === "renamed" || id.verdict === "moved");
}

function judgeWorkplanId(reading: ParsedReading, keyed: WorkstreamRow | null, context: Context): IdVerdict | Frozen {
  const { id, hubId } = reading.workplan;
  const claimants = context.claims.claimants(id);
  if (claimants.length > 1) {
    const paths = claimants.map((each) => each.path).join(", ");
    const message = `The workplan id ${id} stands in ${claimants.length} files`;
    return { code: "id_in_two_files", message, observed: paths };
  }
  if (hubId === null) return { verdict: "absent" };
  if (keyed?.id === hubId) return { verdict: "same" };
  const owner = context.claims.ownerOf(hubId);
  if (owner === null) return unknownId(hubId, keyed !== null, context);
  const goneFrom =
    keyed === null &&
    owner.kind === "workstream" &&
    context.claims.usesOf(hubId) === 1 &&
    oldKeyIsGone(owner.repoId, owner.workplanId, context);
  if (!goneFrom) return belongsTo(hubId, owner.taskId ?? owner.workplanId);
  return { verdict: owner.repoId === context.repoId ? "renamed" : "moved", from: owner.workplanId };
}

/** An id that no row has: the row's own stands; without a row it becomes the row's, unless it stands in two places. */
function unknownId(hubId: string, hasRow: boolean, { claims }: Context): IdVerdict | Frozen {
  if (hasRow) return { verdict: "hub_stands", found: hubId };
  return claims.usesOf(hubId) > 1 ? copied(hubId) : { verdict: "adopt", id: hubId };
}

/** No file of the row's repository has the old id, and none there is unreadable, so that it could be it. */
function oldKeyIsGone(repoId: string, workplanId: string, context: Context): boolean {
  if (context.claims.claimants(workplanId).some((each) => each.repoId === repoId)) return false;
  return !context.claims.hasNameless(repoId) && (repoId !== context.repoId || !context.suspended);
}

function matchTasks(reading: ParsedReading, workstream: WorkstreamRow | null, context: Context): TaskMatch[] {
  const rows = context.tasksOf.get(workstream?.id ?? "") ?? [];
  const byKey = new Map(rows.map((row) => [row.task_id, row]));
  const present = new Set([...reading.tasks, ...reading.failedBlocks].map((block) => block.id));
  return reading.tasks.map((block) => {
    const keyed = byKey.get(block.id) ?? null;
    const id = judgeTaskId(reading, block, keyed, workstream, present, context);
    return { block, row: isElsewhere(id) ? (context.tasksById.get(block.hubId ?? "") ?? null) : keyed, id };
  });
}

function judgeTaskId(
  reading: ParsedReading,
  block: TaskBlock,
  keyed: TaskRow | null,
  workstream: WorkstreamRow | null,
  present: ReadonlySet<string | null>,
  context: Context,
): IdVerdict | Frozen {
  const { hubId } = block;
  if (hubId === null) return { verdict: "absent" };
  if (keyed?.id === hubId) return { verdict: "same" };
  const owner = context.claims.ownerOf(hubId);
  if (owner === null) return unknownId(hubId, keyed !== null, context);
  const row = context.tasksById.get(hubId);
  if (keyed || !row || owner.taskId === null || context.claims.usesOf(hubId) !== 1)
    return belongsTo(hubId, owner.taskId ?? owner.workplanId);
  if (workstream && row.workstream_id === workstream.id) {
    const gone = !present.has(row.task_id) && !reading.failedBlocks.some((failed) => failed.id === null);
    return gone ? { verdict: "renamed", from: row.task_id } : belongsTo(hubId, row.task_id);
  }
  return blockIsGone(row, context) ? { verdict: "moved", from: row.task_id } : belongsTo(hubId, row.task_id);
}

/** The workplan that had the block was parsed here and no longer has it, or it is gone itself. */
function blockIsGone(row: TaskRow, context: Context): boolean {
  const workstream = context.byId.get(row.workstream_id);
  if (!workstream) return false;
  const file = context.filesById.get(workstream.workplan_id);
  if (!file || workstream.repo_id !== context.repoId)
    return oldKeyIsGone(workstream.repo_id, workstream.workplan_id, context);
  return file.failedBlocks.length === 0 && !file.tasks.some((block) => block.id === row.task_id);
}

/** Rows whose hub id stands somewhere, and those whose does not. */
function parted<Row extends { readonly id: string }>(rows: readonly Row[], claims: Claims): [Row[], Row[]] {
  const stands = (row: Row) => claims.usesOf(row.id) > 0;
  return [rows.filter(stands), rows.filter((row) => !stands(row))];
}

function tasksWithoutBlock(workplans: readonly WorkplanMatch[], context: Context): TaskRow[] {
  const taken = new Set(workplans.flatMap(({ tasks }) => tasks.map(({ row }) => row?.id)));
  return workplans.flatMap(({ row, id, reading }) => {
    if (!row || isFrozen(id) || reading.failedBlocks.length > 0) return [];
    return (context.tasksOf.get(row.id) ?? []).filter((task) => !taken.has(task.id));
  });
}

function copied(hubId: string): Frozen {
  return { code: "id_in_two_places", message: `The hub id ${hubId} stands in more than one place`, observed: hubId };
}

function belongsTo(hubId: string, owner: string): Frozen {
  return { code: "id_of_another_row", message: `The hub id belongs to ${owner}`, observed: hubId };
}
