// What tells whether two databases hold the same: small whatever their size, JSON-able, and independent of physical order,
// dropped columns, object ids of tables, and the session that read it. (types)

/** Rows whose key hashes to one of BUCKETS numbers. */
export interface Bucket {
  readonly bucket: number;
  readonly rows: number;
  /** Sums of the rows' 64-bit hashes with seed 0 and with seed 1: decimal integers of any length. */
  readonly sums: readonly [string, string];
}

export interface TableFingerprint {
  /** Schema and name, quoted where SQL needs it. */
  readonly name: string;
  /** Name and type of each, quoted as in SQL, in the order of their names. */
  readonly columns: readonly string[];
  /** What the buckets are of: the columns of the primary key, else of a unique one without nulls; null: of the row. */
  readonly key: readonly string[] | null;
  readonly rows: number;
  /** Ascending; those without rows are left out. */
  readonly buckets: readonly Bucket[];
}

/** All that a sequence is. Its 64-bit numbers are text. */
export interface SequenceState {
  readonly name: string;
  readonly lastValue: string;
  /** False: lastValue itself is the next one. */
  readonly isCalled: boolean;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly start: string;
  readonly cache: string;
  readonly cycle: boolean;
  readonly type: string;
  /** `schema.table.column`, quoted where SQL needs it; null when it goes with no column. */
  readonly ownedBy: string | null;
}

export interface LargeObjectFingerprint {
  readonly oid: number;
  readonly bytes: number;
  /** SHA-256 in hex: of its content, or of a longer one's piece digests (see large_objects.ts). */
  readonly digest: string;
}

export interface Fingerprint {
  /** By name. Materialised views, foreign tables and other sessions' temporary tables are not among them. */
  readonly tables: TableFingerprint[];
  readonly sequences: SequenceState[];
  readonly largeObjects: LargeObjectFingerprint[];
}

/** One thing that is not as it was. */
export interface ObjectDifference {
  readonly kind: string;
  readonly object: string;
  readonly expected: string;
  readonly actual: string;
}
