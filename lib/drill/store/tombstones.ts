// That a backup was pruned, kept in the store itself: `pruned/ID.json`. Another machine, whose ledger knows nothing of it, would
// else take the gap for a loss.
import { z } from "zod";
import type { Manifest } from "./manifest.ts";
import type { Store } from "./store.ts";

const FOLDER = "pruned";
const MAX_BYTES = 4096;

const tombstone = z.strictObject({
  id: z.string(),
  digest: z.string(),
  created_at: z.string(),
  pruned_at: z.iso.datetime(),
});

/** Before the backup goes, so that whoever misses it can tell why. */
export async function writeTombstone(store: Store, { id, digest, created_at }: Manifest, now: Date): Promise<void> {
  if (!(await store.folders()).includes(FOLDER)) await store.makeFolder(FOLDER);
  const what = { id, digest, created_at, pruned_at: now.toISOString() };
  await store.writeText(`${FOLDER}/${id}.json`, `${JSON.stringify(what, null, 2)}\n`);
}

/** Which of these the store says were pruned. */
export async function prunedIn(store: Store, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0 || !(await store.folders()).includes(FOLDER)) return [];
  const found: string[] = [];
  for (const id of ids) {
    const text = await store.readText(`${FOLDER}/${id}.json`, MAX_BYTES);
    if (text !== null && says(text, id)) found.push(id);
  }
  return found;
}

function says(text: string, id: string): boolean {
  try {
    return tombstone.parse(JSON.parse(text)).id === id;
  } catch {
    return false;
  }
}
