// Holds a restored copy against the facts of its source: every row's digest, every sequence, large object, definition and right.

import type { Snapshot } from "../../db/snapshot_sessions.ts";
import { compareLargeObjects } from "../../postgres/fingerprint/compare_objects.ts";
import { compareTables } from "../../postgres/fingerprint/compare_tables.ts";
import { fingerprint } from "../../postgres/fingerprint/fingerprint.ts";
import type { Fingerprint } from "../../postgres/fingerprint/fingerprint_types.ts";
import { type ComparedInventories, compareInventories } from "../../postgres/inventory/compare_inventories.ts";
import { readInventory } from "../../postgres/inventory/read_inventory.ts";
import type { Difference, NotCompared, TableVerdict } from "../evidence/report.ts";
import { openDrillSnapshot } from "../source/drill_snapshot.ts";
import { compareSequenceStates } from "./compare_sequence_states.ts";
import type { CompareTerms } from "./compare_terms.ts";
import { differingDefinitions } from "./differing_definitions.ts";
import { unlikeHashes } from "./unlike_hashes.ts";
import { unloggedOnStandby } from "./unlogged_on_standby.ts";

/** What a copy was found to be, beside its source. */
export interface Comparison {
  readonly tables: readonly TableVerdict[];
  readonly differences: readonly Difference[];
  readonly sequences: { readonly compared: number; readonly differing: readonly string[] };
  readonly schemaEqual: boolean;
  readonly notCompared: readonly NotCompared[];
  readonly remarks: readonly string[];
}

/** What the copy itself shows. */
interface Shown {
  readonly print: Fingerprint;
  readonly held: ComparedInventories;
  /** Why its rows' hashes say nothing; empty: they do. */
  readonly unlike: readonly NotCompared[];
}

/** @throws OpsFailure (automation) when the copy cannot be read; a difference is no failure */
export async function compareCopy(o: CompareTerms): Promise<Comparison> {
  const { target, terms, stages, signal } = o;
  const { jobs: sessions, lockWaitMs } = terms;
  const snapshot = await openDrillSnapshot({ url: target.url, sessions, lockWaitMs, signal });
  try {
    const shown = await lookAt(o, snapshot);
    const definitions = await stages.run("Comparing definitions", () => differingDefinitions(o));
    return await against(o, shown, definitions);
  } finally {
    await snapshot.close();
  }
}

async function lookAt(o: CompareTerms, snapshot: Snapshot): Promise<Shown> {
  const { facts, target, existingRoles, stages, signal } = o;
  const [print, inventory] = await stages.run("Fingerprinting the copy", async (onProgress) => [
    await fingerprint(snapshot, { signal, onProgress }),
    await readInventory(snapshot.holder),
  ]);
  const cluster = target.kind === "disposable" ? "ours" : "given";
  const held = compareInventories(facts.inventory, inventory, { cluster, existingRoles });
  return { print, held, unlike: await unlikeHashes(o, snapshot) };
}

async function against(
  { facts, archive, signal }: CompareTerms,
  { print, held, unlike }: Shown,
  definitions: readonly Difference[],
): Promise<Comparison> {
  const sequences = await compareSequenceStates(facts, print.sequences, () => archive.sequences(signal));
  const largeObjects = compareLargeObjects(facts.fingerprint.largeObjects, print.largeObjects);
  return {
    tables: unlike.length > 0 ? [] : compareTables(facts.fingerprint.tables, print.tables),
    differences: [...sequences.differences, ...largeObjects, ...definitions, ...held.differences],
    sequences: { compared: sequences.compared, differing: sequences.differing },
    schemaEqual: definitions.length === 0 && held.differences.length === 0,
    notCompared: [...unlike, ...unloggedOnStandby(facts), ...held.notCompared, ...sequences.notCompared],
    remarks: held.remarks,
  };
}
