// Preloaded before all tests (bunfig.toml): whatever a test file starts for the whole run (servers, folders) is ended
// here, last started first, also on Ctrl-C. Without it a test run leaves a PostgreSQL behind on every machine.
import { afterAll } from "bun:test";

interface Started {
  readonly stop: () => Promise<void> | void;
  readonly atOnce: (() => void) | undefined;
}

const started: Started[] = [];

/**
 * @param stop runs once after the last test of the run, or on SIGINT and SIGTERM
 * @param atOnce the same without waiting, for an exit that leaves no time (`process.exit` in the middle)
 */
export function whenTestsEnd(stop: () => Promise<void> | void, atOnce?: () => void): void {
  started.push({ stop, atOnce });
}

/** Every one is stopped, even after another's stop failed; the failures are thrown together. */
async function stopAll(): Promise<void> {
  const failures: unknown[] = [];
  for (let next = started.pop(); next !== undefined; next = started.pop()) {
    try {
      await next.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "Could not stop everything that the tests started");
}

function stopAllAtOnce(): void {
  for (let next = started.pop(); next !== undefined; next = started.pop()) next.atOnce?.();
}

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  // `once`: a second Ctrl-C ends the run the hard way.
  process.once(signal, () => {
    const exit = () => process.exit(exitCode);
    stopAll().then(exit, (error) => {
      process.stderr.write(`${Bun.inspect(error)}\n`);
      exit();
    });
  });
}
process.once("exit", stopAllAtOnce);
// The benchmark starts the same things without a test runner: there the end of the process ends them.
if (process.env.NODE_ENV === "test") afterAll(stopAll, 60_000);
