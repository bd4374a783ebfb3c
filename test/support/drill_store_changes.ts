// What somebody who can write into a store may do to it, one thing each, and what a drill then says.
import { appendFileSync, cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, manifestText, sealManifest } from "../../lib/drill/store/manifest.ts";

/** A store of two backups, the newer one last. */
export interface Stored {
  readonly folder: string;
  /** As it was: to be copied from. */
  readonly original: string;
  readonly older: Manifest;
  readonly newer: Manifest;
  readonly identity: string | null;
}

export const fileOf = ({ folder }: Stored, { id }: Manifest, name: string) => join(folder, id, name);
export const partOf = (store: Stored, selection: string) =>
  store.newer.parts.find((part) => part.selection === selection)?.name ?? "";
export const newest = (store: Stored, selection: string) => fileOf(store, store.newer, partOf(store, selection));

export function rewriteManifest(store: Stored, change: (manifest: Manifest) => Manifest): void {
  writeFileSync(fileOf(store, store.newer, "manifest.json"), manifestText(change(store.newer)));
}

export function resealed({ schema_version: _, digest: __, ...body }: Manifest): Manifest {
  return sealManifest(body);
}

function swap(one: string, other: string): void {
  renameSync(one, `${one}.other`);
  renameSync(other, one);
  renameSync(`${one}.other`, other);
}

/** An id that is newer than all. */
export const LATER = "29990101T000000Z-later-0000000f";

/** What is done, and what a reason says. */
export const STORE_CHANGES: readonly [string, (store: Stored) => void, (store: Stored) => string | RegExp][] = [
  [
    "a part lacks its last byte",
    (store) => {
      const file = newest(store, "data");
      writeFileSync(file, readFileSync(file).subarray(0, -1));
    },
    (store) => new RegExp(`${partOf(store, "data")} has \\d+ bytes instead of \\d+: it is truncated`),
  ],
  [
    "a part has a byte more",
    (store) => appendFileSync(newest(store, "definitions"), "x"),
    (store) => partOf(store, "definitions"),
  ],
  [
    "a part is empty",
    (store) => writeFileSync(newest(store, "facts"), ""),
    (store) => `${partOf(store, "facts")} has 0 bytes`,
  ],
  [
    "a part is missing",
    (store) => rmSync(newest(store, "definitions")),
    (store) => `${partOf(store, "definitions")} is missing`,
  ],
  [
    "two parts are swapped",
    (store) => swap(newest(store, "data"), newest(store, "facts")),
    (store) => new RegExp(`${partOf(store, "data")} has[^]*${partOf(store, "facts")} has`),
  ],
  [
    "a part is that of the older backup",
    // The definitions of the two may be the same to the byte: nothing in them was changed in between.
    (store) => cpSync(fileOf(store, store.older, partOf(store, "data")), newest(store, "data")),
    (store) => partOf(store, "data"),
  ],
  [
    "all parts are those of the older backup",
    (store) => {
      for (const { name } of store.newer.parts)
        cpSync(fileOf(store, store.older, name), fileOf(store, store.newer, name));
    },
    (store) => partOf(store, "data"),
  ],
  [
    "the manifest is empty",
    (store) => writeFileSync(fileOf(store, store.newer, "manifest.json"), ""),
    () => "manifest.json: it is no JSON",
  ],
  [
    "a count in the manifest was edited",
    (store) => rewriteManifest(store, (manifest) => ({ ...manifest, rows: "201" })),
    () => "manifest.json: its digest is not that of what it says",
  ],
  [
    "a count in the manifest was edited, and its digest with it",
    (store) => rewriteManifest(store, (manifest) => resealed({ ...manifest, rows: "201" })),
    () => "it was edited",
  ],
  [
    "the older manifest is replayed in the newer folder",
    (store) => cpSync(fileOf(store, store.older, "manifest.json"), fileOf(store, store.newer, "manifest.json")),
    (store) => new RegExp(`it is that of another backup, '?${store.older.id}`),
  ],
  [
    "the older manifest is replayed under the newer id, with a right digest",
    (store) => rewriteManifest(store, ({ id }) => resealed({ ...store.older, id })),
    () => "it was edited",
  ],
  [
    "the whole older folder goes by the newer id",
    (store) => {
      rmSync(join(store.folder, store.newer.id), { recursive: true });
      renameSync(join(store.folder, store.older.id), join(store.folder, store.newer.id));
    },
    () => "it is that of another backup",
  ],
  [
    "the whole older folder goes by an id that is newer than all",
    (store) => cpSync(join(store.folder, store.older.id), join(store.folder, LATER), { recursive: true }),
    () => `${LATER}/manifest.json: it is that of another backup`,
  ],
  [
    "the store was set back to yesterday",
    (store) => rmSync(join(store.folder, store.newer.id), { recursive: true }),
    (store) => `${store.newer.id}, newer than all that is there, is gone`,
  ],
  [
    "the newest manifest is gone",
    (store) => rmSync(fileOf(store, store.newer, "manifest.json")),
    (store) => `${store.newer.id}, newer than all that is there, is gone`,
  ],
];
