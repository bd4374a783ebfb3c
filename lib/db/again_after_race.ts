// Work that met somebody else's change of the same rows is done again from its start: that is the price of transactions
// that never see half of another one.
import { errorCode } from "./database_failure.ts";

const ATTEMPTS = 6;
// serialization_failure, deadlock_detected; and unique_violation: somebody else was first (PostgreSQL, appendix A).
const COLLISIONS = new Set(["40001", "40P01"]);
const RACES = new Set([...COLLISIONS, "23505"]);

/**
 * @param work is told when no attempt follows, so that it can let the race itself be seen
 * @param isLost which failures are a lost race; isRace unless given
 * @throws what `work` threw, a lost race included when all attempts were used up
 */
export async function againAfterRace<T>(
  work: (isLast: boolean) => Promise<T>,
  isLost: (error: unknown) => boolean = isRace,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt >= ATTEMPTS;
    try {
      return await work(isLast);
    } catch (error) {
      if (isLast || !isLost(error)) throw error;
    }
    // Those who collided would collide again: each waits for a while of its own.
    await Bun.sleep(attempt * (10 + Math.random() * 40));
  }
}

export function isRace(error: unknown): boolean {
  return RACES.has(errorCode(error));
}

/** The races that say nothing about the work itself: a name that is taken already is no collision. */
export function isCollision(error: unknown): boolean {
  return COLLISIONS.has(errorCode(error));
}
