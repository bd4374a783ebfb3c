// Programs that give way to all others. Not Linux's idle class (SCHED_IDLE): on a busy machine a program of it is not even given the
// moment in which it would end when it is told to.

/** POSIX. */
const NICE = ["nice", "-n", "19"];

/** @param gently false: as it is */
export function gentle(argv: readonly string[], gently = true): string[] {
  return gently ? [...NICE, ...argv] : [...argv];
}

/** The program behind it: `pg_dump` of `nice -n 19 /usr/bin/pg_dump --verbose`. */
export function behindGentle(argv: readonly string[]): string | undefined {
  return argv[0] === NICE[0] ? argv[NICE.length] : argv[0];
}
