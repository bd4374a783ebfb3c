// What a drill found: the document of --json, of the evidence file and, shortened, of the progress event that later gates
// read. (types)
import type { WorkStep } from "../../work_step.ts";

/** `could_not_verify`: nothing is known to be wrong, and nothing is proven. */
export type Verdict = "passed" | "failed" | "could_not_verify";

/** One table of the source or of the copy. */
export interface TableVerdict {
  /** Schema and name, quoted where SQL needs it. */
  readonly name: string;
  /** In the source; a table that the copy alone has counts 0. */
  readonly rows: number;
  readonly equal: boolean;
  /** Numbers of the key buckets, ascending; all of them where the columns differ. */
  readonly buckets_differing: readonly number[];
}

/** One thing that is not as it was: of the schema, the inventory, a sequence, a large object, the hub's answers. */
export interface Difference {
  /** "sequence", "index", "acl", "role", "extension", "large object", "/state/summary" ... */
  readonly kind: string;
  readonly object: string;
  readonly expected: string;
  readonly actual: string;
}

/** Something that a drill did not look at. */
export interface NotCompared {
  readonly what: string;
  readonly reason: string;
  /** A copy is whole without it: rows that are made anew or lie elsewhere, and what belongs to whoever runs a given server. */
  readonly may_pass: boolean;
}

/** A part of the work, and the time it took. */
export interface Stage {
  readonly name: string;
  readonly ms: number;
  /** What it read, wrote or sent; null where that means nothing. */
  readonly bytes: number | null;
}

/** A file of the backup that was drilled. */
export interface Artifact {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** All that is known when a drill ends. */
export interface DrillReport {
  readonly drill_id: string;
  readonly verdict: Verdict;
  /** Why it is not `passed`, in one line each. */
  readonly reasons: readonly string[];
  readonly hint: string | null;
  readonly source: {
    /** The live database's URL without its password; null when only a store was asked. */
    readonly url: string | null;
    readonly database: string;
    readonly system_identifier: string | null;
    /** Of the hub's own row; null for another database. */
    readonly instance_id: string | null;
  };
  readonly backup: {
    readonly id: string;
    readonly store: string;
    readonly manifest_digest: string;
    readonly encrypted: boolean;
  } | null;
  readonly target: { readonly kind: "disposable" | "given"; readonly url: string | null };
  readonly tables: readonly TableVerdict[];
  readonly tables_equal: number;
  readonly rows: number;
  readonly sequences: { readonly compared: number; readonly differing: readonly string[] };
  readonly schema_equal: boolean | null;
  readonly differences: readonly Difference[];
  /** `/state/health` and `/state/summary`. */
  readonly hub: "equal" | "differs" | "not_applicable" | "not_compared";
  readonly not_compared: readonly NotCompared[];
  readonly remarks: readonly string[];
  readonly stages: readonly Stage[];
  readonly artifacts: readonly Artifact[];
  /** The source's clock at the snapshot, ISO 8601, UTC. */
  readonly database_clock: string | null;
  readonly versions: {
    readonly source: string | null;
    readonly target: string | null;
    readonly client: string | null;
    readonly toolkit: string;
  };
  /** SHA-256 of the source's facts (fingerprint, definitions, inventory), in hex. */
  readonly facts_digest: string | null;
  readonly schema_digest: string | null;
}

/** Where work stands, for whoever watches. */
export interface WorkProgress extends WorkStep {
  /** "Dumping", "Restoring", "Comparing" ... */
  readonly stage: string;
}

/** Called often; it must not wait. */
export type OnProgress = (progress: WorkProgress) => void;
