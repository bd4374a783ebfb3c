// Whose each stored backup is. Several databases may be kept in one store, and the newest backup of one is no backup of another. (pure)
import { databaseInId, nameInId } from "./backup_id.ts";
import type { StoredBackup } from "./list_backups.ts";
import type { Manifest } from "./manifest.ts";

export interface StoredDatabase {
  /** As `--database` takes it: its name; where two are named alike, NAME@INSTANCE or NAME@SYSTEM_IDENTIFIER. */
  readonly label: string;
  readonly owns: (backup: StoredBackup) => boolean;
}

interface Owner {
  readonly key: string;
  readonly name: string;
  readonly of: string;
}

/** A hub that was restored into another cluster, or renamed, is still the same. */
export function databaseKey({
  instance_id,
  system_identifier,
  database,
}: Pick<Manifest, "instance_id" | "system_identifier" | "database">): string {
  return instance_id ?? `${system_identifier} ${database}`;
}

/** By label, as the manifests tell. One without is of each database whose name is in its id, and makes none known. */
export function storedDatabases(backups: readonly StoredBackup[]): StoredDatabase[] {
  const owners = ownersOf(backups);
  const labelOf = ({ name, of }: Owner) =>
    owners.filter((each) => each.name === name).length === 1 ? name : `${name}@${of}`;
  return owners
    .map((owner) => ({ label: labelOf(owner), owns: (backup: StoredBackup) => isOf(backup, owner) }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

/** @param wanted a label, or the name before its @; null: all of them */
export function databasesCalled(backups: readonly StoredBackup[], wanted: string | null): StoredDatabase[] {
  const all = storedDatabases(backups);
  const exact = all.filter(({ label }) => wanted === null || label === wanted);
  return exact.length > 0 ? exact : all.filter(({ label }) => label.startsWith(`${wanted}@`));
}

function ownersOf(backups: readonly StoredBackup[]): Owner[] {
  const owners = new Map<string, Owner>();
  for (const { manifest } of backups) {
    if (manifest === null || owners.has(databaseKey(manifest))) continue;
    const of = manifest.instance_id ?? manifest.system_identifier;
    owners.set(databaseKey(manifest), { key: databaseKey(manifest), name: manifest.database, of });
  }
  return [...owners.values()];
}

function isOf({ id, manifest }: StoredBackup, { key, name }: Owner): boolean {
  return manifest === null ? databaseInId(id) === nameInId(name) : databaseKey(manifest) === key;
}
