// What is known of the source at the moment of its snapshot: everything that a copy is later compared with, also years later and
// with the source long gone. It holds no row and no secret; of a State Hub it holds the summary's counts.
import { digestOf } from "../../canonical.ts";
import type { Definitions } from "../../postgres/definitions/read_definitions.ts";
import type { DatabaseLocale } from "../../postgres/disposable/database_locale.ts";
import type { Fingerprint, SequenceState } from "../../postgres/fingerprint/fingerprint_types.ts";
import type { Inventory } from "../../postgres/inventory/inventory_types.ts";
import type { ServerIdentity } from "./live_source.ts";

/** What `/state/summary?as_of=` answers in the snapshot; null with `unseen`, which says why it could not be computed. */
export interface HubFacts {
  readonly instance_id: string | null;
  /** ISO 8601. */
  readonly as_of: string;
  readonly summary: string | null;
  readonly unseen?: string;
}

/** Known before the first row is read: a copy can be made ready with it. */
export interface Outset {
  /** The source's clock at the snapshot, ISO 8601, UTC. */
  readonly clock: string;
  readonly source: ServerIdentity;
  readonly locale: DatabaseLocale;
  readonly inventory: Inventory;
}

/** All that a copy is compared with. */
export interface Facts extends Outset {
  readonly fingerprint: Fingerprint;
  /** By "TYPE schema.name": the digest of each definition. */
  readonly definitions: Readonly<Record<string, string>>;
  /** Sequences ignore snapshots: as they were before the dump began and after it ended. */
  readonly sequences: { readonly before: readonly SequenceState[]; readonly after: readonly SequenceState[] };
  readonly hub: HubFacts | null;
}

interface FactsDigests {
  readonly facts: string;
  readonly schema: string;
}

/** SHA-256 in hex, of all and of the definitions. */
export function digestsOf(facts: Facts): FactsDigests {
  return { facts: digestOf(facts), schema: digestOf(facts.definitions) };
}

/** Of all tables. */
export function rowsOf({ fingerprint }: Facts): number {
  return fingerprint.tables.reduce((sum, { rows }) => sum + rows, 0);
}

/** As a document keeps them. */
export function definitionsToKeep(definitions: Definitions): Facts["definitions"] {
  return Object.fromEntries(definitions);
}

/** As they are compared. */
export function definitionsOf({ definitions }: Pick<Facts, "definitions">): Definitions {
  return new Map(Object.entries(definitions));
}
