// The benchmark's answer as a Markdown table, ready for the README: each row with its bar and whether it was met.
import { cpus, totalmem } from "node:os";
import { type Pair, ratios, type Spread, spread } from "./measure.ts";

export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly reference: string;
  readonly ratio: string;
  readonly atMost: string;
  readonly met: boolean;
  /** Promises that this row holds beside its number, and how they were proven; a broken one means `met` is false. */
  readonly remarks: readonly string[];
}

/** A row whose bar is a ratio of times. */
export function ratioRow(about: { what: string; reference: string; atMost: number }, pairs: readonly Pair[]): Row {
  const ratio = ratios(pairs);
  return {
    what: about.what,
    measured: ms(spread(pairs.map(({ measured }) => measured)).median),
    reference: `${about.reference}: ${ms(spread(pairs.map(({ reference }) => reference)).median)}`,
    ratio: range(ratio, (value) => value.toFixed(2)),
    atMost: `${about.atMost} x`,
    met: ratio.median <= about.atMost,
    remarks: [],
  };
}

/** "median (min to max)". */
export function range({ median, min, max }: Spread, show: (value: number) => string): string {
  return `${show(median)} (${show(min)} to ${show(max)})`;
}

export function ms(value: number): string {
  return `${Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}

export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map(({ what, measured, reference, ratio, atMost, met }) =>
    [what, measured, reference, ratio, atMost, met ? "yes" : "**no**"].join(" | "),
  );
  const head = "what | measured | reference | ratio: median (min to max) | at most | met";
  return [`| ${head} |`, "|---|---|---|---|---|---|", ...lines.map((line) => `| ${line} |`)].join("\n");
}

/** @param disk what the folder of repositories and database lies on, where it is known */
export function machineLine(about: { rounds: number; postgres: string; disk: string }): string {
  const date = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${date}, median of ${about.rounds}: ${cpus().length} cores, ${memory} GiB, ${about.disk}; Bun ${Bun.version}, PostgreSQL ${about.postgres}`;
}
