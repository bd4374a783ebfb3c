// What is in a store: each backup with what is wrong with it and which drills proved it. Half-made ones are shown too, since a
// person who counts backups must not count them.
import { forEachAtMost } from "../../pool.ts";
import { isBackupId, takenAt } from "./backup_id.ts";
import type { Manifest } from "./manifest.ts";
import { inspectManifest, type ManifestProblem } from "./read_manifest.ts";
import type { Store, StoredFile } from "./store.ts";
import { readVerifications, type Verification } from "./verification.ts";
import { wrongSize } from "./verify_parts.ts";

/** A folder of the store with the name of a backup, whole or not. */
export interface StoredBackup {
  readonly id: string;
  /** By the source database's clock; of a backup with a problem as its name says. */
  readonly takenAt: Date;
  /** null: it is unfinished, or has a problem. */
  readonly manifest: Manifest | null;
  readonly problem: ManifestProblem | null;
  /** Parts that are missing or have another size, in one line each; their bytes are for a drill to look at. */
  readonly lacking: readonly string[];
  /** Newest first. */
  readonly verified: readonly Verification[];
  readonly remarks: readonly string[];
  /** There is no manifest. */
  readonly unfinished: boolean;
  /** Of all its files, as they lie there. */
  readonly bytes: number;
  /** When its newest file was written, by the store's clock; null: it is empty. */
  readonly touchedAt: Date | null;
}

/** Round trips are what a distant store costs. */
const AT_ONCE = 8;

/** Newest first. Folders that are named otherwise are not ours. @throws OpsFailure when the store does not answer */
export async function listBackups(store: Store): Promise<StoredBackup[]> {
  const found: StoredBackup[] = [];
  const ids = (await store.folders()).filter(isBackupId);
  await forEachAtMost(ids, AT_ONCE, async (id) => void found.push(await readBackup(store, id)));
  return found.sort(newestFirst);
}

/** The backup to drill: the newest one that is no half, at or before `at`. One with a problem is not passed over in silence. */
export function backupAt(backups: readonly StoredBackup[], at: Date | null): StoredBackup | null {
  return [...backups].sort(newestFirst).find((each) => !each.unfinished && (at === null || each.takenAt <= at)) ?? null;
}

async function readBackup(store: Store, id: string): Promise<StoredBackup> {
  const files = await store.files(id);
  const inspected = await inspectManifest(store, id, files);
  const found = "manifest" in inspected ? inspected.manifest : null;
  const problem = "problem" in inspected ? inspected.problem : null;
  const drills = found && (await readVerifications(store, id, { files, manifestDigest: found.digest }));
  const times = files.map(({ modifiedAt }) => modifiedAt.getTime());
  return {
    id,
    takenAt: found === null ? takenAt(id) : new Date(found.created_at),
    manifest: found,
    problem: problem?.kind === "none" ? null : problem,
    lacking: lackingOf(found, files),
    verified: drills?.verified ?? [],
    remarks: drills?.remarks ?? [],
    unfinished: problem?.kind === "none",
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    touchedAt: times.length === 0 ? null : new Date(Math.max(...times)),
  };
}

function lackingOf(manifest: Manifest | null, files: readonly StoredFile[]): string[] {
  const there = new Map(files.map(({ name, bytes }) => [name, bytes]));
  return (manifest?.parts ?? []).flatMap((part) => wrongSize(part, there.get(part.name))?.says ?? []);
}

function newestFirst(left: StoredBackup, right: StoredBackup): number {
  return latest(right) - latest(left) || (left.id < right.id ? 1 : -1);
}

/** A name tells the second alone: one with a problem counts as its last, so that no sound one of that second hides it. */
function latest({ takenAt, manifest }: StoredBackup): number {
  return Number(takenAt) + (manifest === null ? 999 : 0);
}
