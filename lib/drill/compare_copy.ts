// Holds a restored copy against the facts of its source: every row's digest, every sequence, large object, definition and right.
import { openSnapshot } from "../db/snapshot_sessions.ts";
import type { ClientPrograms } from "../postgres/client_programs.ts";
import { compareLargeObjects } from "../postgres/fingerprint/compare_objects.ts";
import { compareTables } from "../postgres/fingerprint/compare_tables.ts";
import { fingerprint } from "../postgres/fingerprint/fingerprint.ts";
import { PINNED_SETTINGS } from "../postgres/fingerprint/pinned_settings.ts";
import { compareInventories } from "../postgres/inventory/compare_inventories.ts";
import { readInventory } from "../postgres/inventory/read_inventory.ts";
import type { Archive } from "./archive.ts";
import { compareSequenceStates } from "./compare_sequence_states.ts";
import type { CopyTarget } from "./copy_target.ts";
import { differingDefinitions } from "./differing_definitions.ts";
import type { Facts } from "./facts.ts";
import type { Difference, NotCompared, TableVerdict } from "./report.ts";
import type { Stages } from "./stages.ts";
import type { Terms } from "./terms.ts";
import { unlikeHashes } from "./unlike_hashes.ts";
import { unloggedOnStandby } from "./unlogged_on_standby.ts";

export interface Comparison {
  readonly tables: readonly TableVerdict[];
  readonly differences: readonly Difference[];
  readonly sequences: { readonly compared: number; readonly differing: readonly string[] };
  readonly schemaEqual: boolean;
  readonly notCompared: readonly NotCompared[];
  readonly remarks: readonly string[];
}

export interface CompareTerms {
  readonly facts: Facts;
  readonly target: CopyTarget;
  readonly archive: Archive;
  /** Roles that the target's server had before the copy. */
  readonly existingRoles: readonly string[];
  readonly programs: ClientPrograms;
  /** A folder for what is written on the way. */
  readonly folder: string;
  readonly terms: Terms;
  readonly stages: Stages;
  readonly signal: AbortSignal;
}

export async function compareCopy(o: CompareTerms): Promise<Comparison> {
  const { facts, target, terms, stages, signal } = o;
  const snapshot = await openSnapshot({
    url: target.url,
    applicationName: "backup_restore_drill",
    sessions: terms.jobs,
    lockWaitMs: terms.lockWaitMs,
    settings: PINNED_SETTINGS,
    signal,
  });
  try {
    const [print, inventory] = await stages.run("Fingerprinting the copy", async (onProgress) => [
      await fingerprint(snapshot, { signal, onProgress }),
      await readInventory(snapshot.holder),
    ]);
    const unlike = await unlikeHashes(o, snapshot);
    const differing = await stages.run("Comparing definitions", () => differingDefinitions(o));
    const cluster = target.kind === "disposable" ? "ours" : "given";
    const held = compareInventories(facts.inventory, inventory, { cluster, existingRoles: o.existingRoles });
    const sequences = await compareSequenceStates(facts, print.sequences, () => o.archive.sequences(signal));
    const largeObjects = compareLargeObjects(facts.fingerprint.largeObjects, print.largeObjects);
    return {
      tables: unlike.length > 0 ? [] : compareTables(facts.fingerprint.tables, print.tables),
      differences: [...sequences.differences, ...largeObjects, ...differing, ...held.differences],
      sequences: { compared: sequences.compared, differing: sequences.differing },
      schemaEqual: differing.length === 0 && held.differences.length === 0,
      notCompared: [...unlike, ...unloggedOnStandby(facts), ...held.notCompared, ...sequences.notCompared],
      remarks: held.remarks,
    };
  } finally {
    await snapshot.close();
  }
}
