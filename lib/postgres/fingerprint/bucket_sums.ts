// Adds up what the pieces of a table came to: sums of 64-bit numbers, which no JavaScript number holds. (pure)
import type { Bucket } from "./fingerprint_types.ts";

export interface BucketRow {
  readonly bucket: number;
  readonly rows: string;
  readonly sum0: string;
  readonly sum1: string;
}

interface Sums {
  rows: number;
  sum0: bigint;
  sum1: bigint;
}

export class BucketSums {
  readonly #of = new Map<number, Sums>();

  add({ bucket, rows, sum0, sum1 }: BucketRow): void {
    const sums = this.#of.get(bucket) ?? { rows: 0, sum0: 0n, sum1: 0n };
    sums.rows += Number(rows);
    sums.sum0 += BigInt(sum0);
    sums.sum1 += BigInt(sum1);
    this.#of.set(bucket, sums);
  }

  get rows(): number {
    return this.#of.values().reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Ascending. */
  get buckets(): Bucket[] {
    const buckets = [...this.#of].map(([bucket, { rows, sum0, sum1 }]): Bucket => {
      return { bucket, rows, sums: [`${sum0}`, `${sum1}`] };
    });
    return buckets.toSorted((one, other) => one.bucket - other.bucket);
  }
}
