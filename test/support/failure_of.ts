// What a piece of work failed with: a test that only awaits a rejection goes on when there is none.
import { describeFailure, OpsFailure } from "../../lib/failure.ts";

/** @throws when it comes off, or fails with anything but an OpsFailure */
export async function failureOf(work: Promise<unknown>): Promise<OpsFailure> {
  const failure = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (failure instanceof OpsFailure) return failure;
  throw new Error("it did not fail as it should", { cause: failure });
}

/** Whatever it failed with, in words, and after how long. */
export async function timedFailureOf(
  work: Promise<unknown>,
): Promise<{ error: unknown; said: string; afterMs: number }> {
  const started = performance.now();
  const error = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  return { error, said: describeFailure(error), afterMs: performance.now() - started };
}
