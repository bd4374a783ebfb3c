// Programs that give way to all others. A niced program still keeps a processor for its slice of some milliseconds, in which a
// database answers several statements; one of Linux's idle class leaves it at once, and has what is left over.

/** SCHED_IDLE, sched(7): by util-linux. Its words are as many as those of `nice`: see programOf(). */
const IDLE = ["chrt", "--idle", "0"];
/** POSIX. */
const NICE = ["nice", "-n", "19"];

let known: readonly string[] | undefined;

/** @param gently false: as it is */
export function gentle(argv: readonly string[], gently = true): string[] {
  return gently ? [...prefix(), ...argv] : [...argv];
}

/** The program behind it: `pg_dump` of `nice -n 19 /usr/bin/pg_dump --verbose`. */
export function behindGentle(argv: readonly string[]): string | undefined {
  return argv[0] === IDLE[0] || argv[0] === NICE[0] ? argv[IDLE.length] : argv[0];
}

/** Tried once: a container may refuse it. */
function prefix(): readonly string[] {
  known ??= isThere(IDLE) ? IDLE : NICE;
  return known;
}

function isThere(words: readonly string[]): boolean {
  if (process.platform !== "linux") return false;
  try {
    return Bun.spawnSync([...words, "true"], { stdio: ["ignore", "ignore", "ignore"] }).success;
  } catch {
    return false;
  }
}
