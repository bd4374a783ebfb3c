// What the --verbose lines of pg_dump and pg_restore say they are at: the only sign of life in a long dump.

/** `name` is as the programs print it: schema.table, not quoted. `finished` is the number of an archive's entry. */
interface VerboseLine {
  readonly at?: string;
  readonly finished?: number;
}

type Reading = readonly [RegExp, (match: RegExpExecArray) => VerboseLine];

// From the sources of pg_dump and pg_restore 15 to 18 (pg_log_info in pg_dump.c, pg_backup_archiver.c, parallel.c). Parallel
// workers write one line in several pieces, so that two may share a line: nothing is anchored, and the last one counts.
const READINGS: readonly Reading[] = [
  [/finished item (\d+) TABLE DATA /, ([, entry]) => ({ finished: Number(entry) })],
  [/.*dumping contents of table "(.+)"/, ([, name]) => ({ at: `${name}` })],
  [/.*processing data for table "(.+)"/, ([, name]) => ({ at: `${name}` })],
  [/.*creating ([A-Z][A-Z ]*) "(.+)"/, ([, kind, name]) => ({ at: `${kind?.toLowerCase()} ${name}` })],
  [/.*launching item \d+ ([A-Z][A-Z ]*) (.+)$/, ([, kind = "", name = ""]) => ({ at: launched(kind, name) })],
  [/^pg_dump: (?:reading|finding) (.+)$/, ([, what]) => ({ at: `reading ${what}` })],
];

/** @param line of --verbose in the C locale */
export function readVerboseLine(line: string): VerboseLine {
  for (const [pattern, reading] of READINGS) {
    const match = pattern.exec(line);
    if (match !== null) return reading(match);
  }
  return {};
}

function launched(kind: string, name: string): string {
  return kind === "TABLE DATA" ? name : `${kind.toLowerCase()} ${name}`;
}
