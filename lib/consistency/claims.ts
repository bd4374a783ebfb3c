// Who claims which id across the whole fleet: two files with one workplan id, a hub id that already names another row.
// Known before anything is written, so that neither of two claimants can win by being read first.
import type { Reader } from "../db/handles.ts";
import { idsIn } from "../db/ids_in.ts";
import type { RepoReading } from "./repo_reading.ts";

export interface Claimant {
  readonly repoId: string;
  readonly path: string;
}

/** The row that owns a hub id. */
export interface IdOwner {
  readonly kind: "workstream" | "task";
  readonly repoId: string;
  readonly workplanId: string;
  readonly taskId: string | null;
}

export class Claims {
  readonly #byWorkplan = new Map<string, Claimant[]>();
  readonly #hubIds = new Set<string>();
  /** How often, of those that stand in more than one place: hardly any. */
  readonly #repeated = new Map<string, number>();
  readonly #owners = new Map<string, IdOwner>();
  readonly #nameless = new Map<string, string[]>();
  readonly #known = new Set<string>();

  addFile(claimant: Claimant, workplanId: string | null, hubIds: Iterable<string | null>): void {
    if (workplanId !== null) {
      const before = this.#byWorkplan.get(workplanId);
      if (before) before.push(claimant);
      else this.#byWorkplan.set(ownCopy(workplanId), [claimant]);
    }
    for (const id of hubIds) {
      if (id === null) continue;
      if (this.#hubIds.has(id)) this.#repeated.set(ownCopy(id), this.usesOf(id) + 1);
      else this.#hubIds.add(ownCopy(id));
    }
  }

  /** The same, of a file that may be told of twice: by its workplan id and by its hub id. */
  addKnownFile(claimant: Claimant, workplanId: string | null, hubId: string | null): void {
    const key = `${claimant.repoId}|${claimant.path}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.addFile(claimant, workplanId, [hubId]);
  }

  /** The repository has a file whose id could not be read: it might be any. */
  addNameless({ repoId, path }: Claimant): void {
    const before = this.#nameless.get(repoId);
    if (before) before.push(path);
    else this.#nameless.set(repoId, [path]);
  }

  hasNameless(repoId: string): boolean {
    return this.#nameless.has(repoId);
  }

  nameless(): Claimant[] {
    return [...this.#nameless].flatMap(([repoId, paths]) => paths.map((path) => ({ repoId, path })));
  }

  addOwner(hubId: string, owner: IdOwner): void {
    this.#owners.set(hubId, owner);
  }

  /** Every file of the fleet that has this workplan id. */
  claimants(workplanId: string): readonly Claimant[] {
    return this.#byWorkplan.get(workplanId) ?? [];
  }

  /** In how many places this hub id stands: front matters of the fleet, and task blocks of what this run has read. */
  usesOf(hubId: string): number {
    return this.#repeated.get(hubId) ?? (this.#hubIds.has(hubId) ? 1 : 0);
  }

  ownerOf(hubId: string): IdOwner | null {
    return this.#owners.get(hubId) ?? null;
  }

  workplanIds(): string[] {
    return [...this.#byWorkplan.keys()];
  }

  /** The workplan ids under which the owners of found hub ids stand. */
  ownerKeys(): string[] {
    return [...this.#owners.values()].map((owner) => owner.workplanId);
  }

  hubIds(): string[] {
    return [...this.#hubIds];
  }
}

export function addReading(claims: Claims, repoId: string, reading: RepoReading): void {
  for (const { reading: file } of reading.files) {
    const id = file.state === "parsed" ? file.workplan.id : file.id;
    const hubId = file.state === "parsed" ? file.workplan.hubId : file.hubId;
    const taskIds = [...file.tasks, ...file.failedBlocks].map((block) => block.hubId);
    claims.addFile({ repoId, path: file.path }, id, [hubId, ...taskIds]);
    if (id === null) claims.addNameless({ repoId, path: file.path });
  }
}

/** A string cut out of a file keeps the whole file's text alive; claims outlive the files of a thousand repositories. */
function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}

// One statement for this many ids: small enough for one message, large enough that round trips don't count.
const BATCH = 5_000;

/** Adds what the database knows: files of repos that this run did not read, and the rows that own the hub ids found. */
export async function addKnownClaims(sql: Reader, claims: Claims, readRepoIds: readonly string[]): Promise<void> {
  for (const ids of batches(claims.hubIds())) {
    for (const row of await filesWith(sql, "hub_id", ids, readRepoIds)) addKnownFile(claims, row);
    const rows = await sql<OwnerRow[]>`
      with wanted (id) as (${idsIn(sql, ids)})
      select w.id, 'workstream' as kind, w.repo_id, w.workplan_id, null as task_id from wanted join workstreams w using (id)
      union all
      select t.id, 'task', t.repo_id, w.workplan_id, t.task_id
      from wanted join tasks t using (id) join workstreams w on w.id = t.workstream_id`;
    for (const row of rows) {
      claims.addOwner(row.id, {
        kind: row.kind,
        repoId: row.repo_id,
        workplanId: row.workplan_id,
        taskId: row.task_id,
      });
    }
  }
  // The owners' own keys too: a row may only be taken over when no other file has the key that it stands under.
  for (const ids of batches([...new Set([...claims.workplanIds(), ...claims.ownerKeys()])])) {
    for (const row of await filesWith(sql, "workplan_id", ids, readRepoIds)) addKnownFile(claims, row);
  }
  const nameless = await sql<{ repo_id: string; path: string }[]>`
    select f.repo_id, f.path from workplan_files f
    where f.state = 'failed' and f.workplan_id is null
      and f.repo_id not in (${idsIn(sql, readRepoIds)})`;
  for (const { repo_id, path } of nameless) claims.addNameless({ repoId: repo_id, path });
  await addLastKnown(sql, claims);
}

/** A file that cannot be read goes on claiming the id of the row that it was read into last: nobody else may have it. */
async function addLastKnown(sql: Reader, claims: Claims): Promise<void> {
  for (const files of batches(claims.nameless())) {
    const rows = await sql<ClaimRow[]>`
      select w.repo_id, w.path, w.workplan_id, null as hub_id
      from json_to_recordset(${JSON.stringify(files)}::text::json) as f("repoId" uuid, path text)
      join workstreams w on w.repo_id = f."repoId" and w.path = f.path and w.orphaned_at is null
      join repos on repos.id = w.repo_id and repos.removed_at is null`;
    for (const row of rows) claims.addFile({ repoId: row.repo_id, path: row.path }, row.workplan_id, []);
  }
}

/** Files of repositories that this run did not read, by one of the ids that stand in them. */
function filesWith(sql: Reader, column: "workplan_id" | "hub_id", ids: readonly string[], read: readonly string[]) {
  return sql<ClaimRow[]>`
    select f.repo_id, f.path, f.workplan_id, f.hub_id
    from json_array_elements_text(${JSON.stringify(ids)}::text::json) wanted (id)
    join workplan_files f on ${column === "hub_id" ? sql`f.hub_id = wanted.id::uuid` : sql`f.workplan_id = wanted.id`}
    join repos on repos.id = f.repo_id and repos.removed_at is null
    where f.repo_id not in (${idsIn(sql, read)})`;
}

function addKnownFile(claims: Claims, { repo_id, path, workplan_id, hub_id }: ClaimRow): void {
  claims.addKnownFile({ repoId: repo_id, path }, workplan_id, hub_id);
}

interface OwnerRow {
  id: string;
  kind: IdOwner["kind"];
  repo_id: string;
  workplan_id: string;
  task_id: string | null;
}

interface ClaimRow {
  repo_id: string;
  path: string;
  workplan_id: string;
  hub_id: string | null;
}

function* batches<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
