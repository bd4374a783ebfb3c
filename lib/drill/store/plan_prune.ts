// Which backups may go. The rule that stands above count and age: of each database the newest one, and the newest one that a drill
// has proven, stay whatever was asked for; so does what is being written, and what somebody ought to look at. (pure)
import type { StoredBackup } from "./list_backups.ts";
import { databaseKey } from "./stored_databases.ts";

/** What is to be kept. */
export interface PruneTerms {
  /** At least 1. */
  readonly keepLast: number;
  /** null: age keeps nothing. */
  readonly keepDays: number | null;
  readonly now: Date;
}

/** A backup, and why it stays or goes. */
export interface Pruned {
  readonly id: string;
  /** null for an unfinished one. */
  readonly digest: string | null;
  readonly bytes: number;
  /** In one line each. */
  readonly reasons: readonly string[];
}

/** Every backup of the store, in one of three lists. */
export interface PrunePlan {
  readonly keep: readonly Pruned[];
  readonly remove: readonly Pruned[];
  /** Left behind by runs that died: to be removed, too. */
  readonly unfinished: readonly Pruned[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** A backup of a very large database may be under way for that long without a new file. */
const UNFINISHED_MS = DAY_MS;

/** Three clocks come together in a store, and this host's may be wrong by days. For whoever reads a plan. */
export const CLOCKS =
  "Ages count back from each database's newest backup, by its own clock, and from no later than this host's; " +
  "of what is unfinished from the store's newest file, by the store's.";

/** Removes nothing. The newest good one stays, whatever the terms are. */
export function planPrune(backups: readonly StoredBackup[], terms: PruneTerms): PrunePlan {
  const newestFirst = [...backups].sort((a, b) => Number(b.takenAt) - Number(a.takenAt) || (a.id < b.id ? 1 : -1));
  const latest = { takenAt: latestOf(backups, "takenAt"), touchedAt: latestOf(backups, "touchedAt") };
  const reasonsOf = (backup: StoredBackup) => whyKept(backup, ofItsDatabase(backup, newestFirst), { ...terms, latest });
  const judged = newestFirst.map((backup) => ({ backup, reasons: reasonsOf(backup) }));
  const gone = judged.filter(({ reasons }) => reasons.length === 0).map(({ backup }) => backup);
  return {
    keep: judged.filter(({ reasons }) => reasons.length > 0).map(({ backup, reasons }) => named(backup, reasons)),
    remove: gone.filter(({ unfinished }) => !unfinished).map((backup) => named(backup, [whyGone(terms)])),
    unfinished: gone.filter(({ unfinished }) => unfinished).map((backup) => named(backup, ["never finished"])),
  };
}

/** A store may hold those of several: none of them takes the place of another's. */
function ofItsDatabase(backup: StoredBackup, all: readonly StoredBackup[]): StoredBackup[] {
  return all.filter((each) => databaseOf(each) === databaseOf(backup));
}

/** Those without a manifest are nobody's. */
function databaseOf({ manifest }: StoredBackup): string {
  return manifest === null ? "" : databaseKey(manifest);
}

/** Of all that the store holds, in milliseconds. */
interface Latest {
  readonly takenAt: number;
  readonly touchedAt: number;
}

interface RuleTerms extends PruneTerms {
  readonly latest: Latest;
}

interface Rule {
  readonly says: (terms: PruneTerms) => string;
  /** `all`: of the same database, newest first. */
  readonly keeps: (backup: StoredBackup, all: readonly StoredBackup[], terms: RuleTerms) => boolean;
}

const RULES: readonly Rule[] = [
  {
    says: () => "it may be being written",
    keeps: (backup, _, { latest }) => backup.unfinished && idleMs(backup, latest) < UNFINISHED_MS,
  },
  {
    says: () => "its manifest has a problem: look first, then remove it by hand",
    keeps: ({ problem }) => problem !== null,
  },
  {
    says: () => "parts of it are missing or cut off: look first, then remove it by hand",
    keeps: ({ lacking }) => lacking.length > 0,
  },
  { says: () => "the newest complete one", keeps: (backup, all) => backup === all.find(isComplete) },
  { says: () => "the newest one that a drill has proven", keeps: (backup, all) => backup === all.find(isProven) },
  {
    says: ({ keepLast }) => `one of the newest ${keepLast}`,
    // One that a drill found bad takes nobody's place among the newest.
    keeps: (backup, all, { keepLast }) =>
      isComplete(backup) &&
      all.slice(0, all.indexOf(backup)).filter((each) => isComplete(each) && !isBad(each)).length < keepLast,
  },
  {
    says: ({ keepDays }) => `younger than ${keepDays} days`,
    // One of a time to come must not make all others old.
    keeps: (backup, all, { keepDays, now }) =>
      isComplete(backup) &&
      keepDays !== null &&
      Math.min(Number(now), latestOf(all.filter(isComplete), "takenAt")) - Number(backup.takenAt) < keepDays * DAY_MS,
  },
];

function whyKept(backup: StoredBackup, all: readonly StoredBackup[], terms: RuleTerms): string[] {
  return RULES.filter(({ keeps }) => keeps(backup, all, terms)).map(({ says }) => says(terms));
}

function whyGone({ keepLast, keepDays }: PruneTerms): string {
  return `not among the newest ${keepLast}${keepDays === null ? "" : `, and older than ${keepDays} days`}`;
}

function isComplete({ manifest, lacking }: StoredBackup): boolean {
  return manifest !== null && lacking.length === 0;
}

/** Of the last drill that came to a verdict: one that could not tell takes nothing back. */
function lastVerdict({ verified }: StoredBackup): "passed" | "failed" | null {
  const told = verified.find(({ verdict }) => verdict !== "could_not_verify")?.verdict;
  return told === "passed" || told === "failed" ? told : null;
}

function isProven(backup: StoredBackup): boolean {
  return isComplete(backup) && lastVerdict(backup) === "passed";
}

function isBad(backup: StoredBackup): boolean {
  return lastVerdict(backup) === "failed";
}

/** How long nothing was written to it, by the clock that wrote; an empty one has its name's time alone. */
function idleMs({ takenAt, touchedAt }: StoredBackup, latest: Latest): number {
  return touchedAt === null ? latest.takenAt - Number(takenAt) : latest.touchedAt - Number(touchedAt);
}

function latestOf(backups: readonly StoredBackup[], what: keyof Latest): number {
  return backups.reduce((latest, backup) => Math.max(latest, Number(backup[what] ?? 0)), 0);
}

function named({ id, manifest, bytes }: StoredBackup, reasons: readonly string[]): Pruned {
  return { id, digest: manifest?.digest ?? null, bytes, reasons };
}
