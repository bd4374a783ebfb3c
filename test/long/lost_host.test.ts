// A host that vanishes in the middle of its sweep: no FIN, no reset, only silence on both sides of the line.
import { expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { takeLease } from "../../lib/consistency/sweep/lease.ts";
import { Database } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import type { SessionLocks } from "../../lib/db/session_locks.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { probe } from "../support/embedded_home.ts";
import { type LockProcess, startLockProcess } from "../support/lock_process.ts";
import { type OtherHost, otherHost } from "../support/other_host.ts";
import { preparedHome } from "../support/prepared_home.ts";

/** DESIGN: a lost host frees the lock within this time. */
const FREED_WITHIN_MS = 60_000;
/** SessionLocks: a proof every 5 s, an answer within 15 s. */
const NOTICED_WITHIN_MS = 20_000;
const LEEWAY_MS = 3_000;

test("a host that vanishes loses its locks and its lease within 60 s, and knows it before anybody else can have them", async () => {
  const host = await otherHost();
  const server = await serverFor(host);
  const locks = await server.database.sessionLocks({ source: "manual", host: "this", pid: process.pid });
  try {
    const start = (lock: string, doing: "writing" | "busy") =>
      startLockProcess(server.urlFromThere, { lock, doing, through: host.through });
    const lost = { writing: await start("fleet", "writing"), busy: await start("repo", "busy") };
    expect([await locks.tryLock("fleet"), await locks.tryLock("repo")]).toEqual([false, false]);

    await host.drop();
    const cut = performance.now();
    const since = () => performance.now() - cut;
    const [writing, busy] = await Promise.all([
      watch(lost.writing, locks, "fleet", since),
      watch(lost.busy, locks, "repo", since),
    ]);
    const { fence, abandoned } = await takeLease(locks, { ...TERMS, runId: Bun.randomUUIDv7() });
    expect(since()).toBeLessThan(FREED_WITHIN_MS);
    expect({ fence, pid: abandoned?.pid }).toEqual({ fence: 2, pid: lost.writing.pid });
    for (const { noticed, freed } of [writing, busy]) {
      expect(noticed).toBeLessThan(NOTICED_WITHIN_MS + LEEWAY_MS);
      expect(noticed).toBeLessThan(freed);
    }
    process.stderr.write(`noticed and freed after: ${JSON.stringify({ writing, busy })} ms\n`);
  } finally {
    await locks.close();
    await server.stop();
    await host.remove();
  }
}, 120_000);

const TERMS = { source: "manual", host: "this", pid: process.pid, maxSeconds: null } as const;

/** @returns milliseconds since the cut: when the lost run said that it is, and when its lock was ours */
async function watch(run: LockProcess, locks: SessionLocks, lock: string, since: () => number) {
  const wait = { deadlineMs: FREED_WITHIN_MS + LEEWAY_MS };
  const noticed = waitUntil({ ...wait, forWhat: "the lost run to notice" }, () =>
    run.said.some((line) => line.startsWith("lost ")) ? { found: Math.round(since()) } : { seen: run.said.join("; ") },
  );
  const freed = waitUntil({ ...wait, forWhat: `the lock ${lock}`, intervalMs: 100 }, async () =>
    (await locks.tryLock(lock)) ? { found: Math.round(since()) } : { seen: JSON.stringify(await locks.holderOf(lock)) },
  );
  return { noticed: await noticed, freed: await freed };
}

/** A server that can be reached from the other host too, with a State Hub in it. */
async function serverFor(host: OtherHost) {
  const home = await preparedHome();
  const data = join(home, "postgres-15");
  appendFileSync(join(data, "postgresql.conf"), `listen_addresses = '127.0.0.1,${host.hostAddress}'\n`);
  appendFileSync(join(data, "pg_hba.conf"), `host all all ${host.address}/32 scram-sha-256\n`);
  const { url } = await startEmbedded({ home, env: environmentForPrograms(), connect: probe });
  const database = new Database({ url, applicationName: "lost host", access: "read-write" });
  await migrate(database);
  const urlFromThere = Object.assign(new URL(url.reveal()), { hostname: host.hostAddress }).href;
  return {
    database,
    urlFromThere,
    stop: async () => {
      await database.close();
      await stopEmbedded({ home, env: environmentForPrograms() });
    },
  };
}
