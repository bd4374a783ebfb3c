// The program of a LockProcess (lock_process.ts): it takes a lock and keeps it until it loses it, or until SIGTERM.
// Usage: bun test/support/hold_lock.ts URL LOCK idle|busy|writing
import { holdLease, takeLease } from "../../lib/consistency/sweep/lease.ts";
import { Database } from "../../lib/db/connect.ts";
import type { SessionLocks } from "../../lib/db/session_locks.ts";
import { describeFailure } from "../../lib/failure.ts";
import { Secret } from "../../lib/secret.ts";

async function main([url = "", lock = "", doing = "idle"]: readonly string[]): Promise<void> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const database = new Database({ url: new Secret(url), applicationName: "a lock process", access: "read-write" });
  const locks = await database.sessionLocks({ source: "local-timer", host: "somewhere.example", pid: process.pid });
  const done = new Promise((resolve) => {
    locks.lost.addEventListener("abort", resolve);
    process.once("SIGTERM", resolve);
  });
  if (!(await locks.tryLock(lock))) throw new Error("somebody has it");
  // Not awaited: the middle of it is what a test wants.
  if (doing === "busy") void locks.sql`select pg_sleep(9)`.catch(() => {});
  const writing = doing === "writing" ? await beginToWrite(database, locks) : undefined;
  say("held");
  await done;
  if (locks.lost.aborted) say(`lost ${describeFailure(locks.lost.reason)}`);
  await writing?.ended;
  await Promise.all([locks.close(), database.close()]);
  say("closed");
}

/** Resolves when the transaction holds the lease; it ends with the locks. */
async function beginToWrite(database: Database, locks: SessionLocks): Promise<{ ended: Promise<void> }> {
  const terms = { source: "local-timer", host: "somewhere.example", pid: process.pid, maxSeconds: 300 } as const;
  const { fence } = await takeLease(locks, { ...terms, runId: Bun.randomUUIDv7() });
  const begun = Promise.withResolvers<void>();
  const writing = database.transaction(async (tx) => {
    await holdLease(tx, fence);
    begun.resolve();
    await new Promise((resolve) => locks.lost.addEventListener("abort", resolve));
    locks.lost.throwIfAborted();
  });
  await Promise.race([begun.promise, writing]);
  return { ended: writing.catch(() => {}) };
}

if (import.meta.main) await main(process.argv.slice(2));
