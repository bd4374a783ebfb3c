// Connections that were lost leave nothing behind in the server, whatever waited on them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../../lib/db/connect.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { type FreshDatabase, freshDatabase } from "../../support/postgres_server.ts";

let made: FreshDatabase;
let watcher: Database;
beforeAll(async () => {
  made = await freshDatabase();
  watcher = await openDatabase({ url: new Secret(made.url), applicationName: "watcher", access: "read-write" });
});
afterAll(async () => {
  await watcher.close();
  await made.drop();
});

async function connections(name: string): Promise<number> {
  const { sql } = watcher;
  const rows = await sql`select from pg_stat_activity where application_name = ${name}`;
  return rows.length;
}

const until = (name: string, wanted: (count: number) => boolean) =>
  waitUntil({ forWhat: `the connections of ${name}`, deadlineMs: 10_000 }, async () => {
    const count = await connections(name);
    return wanted(count) ? { found: count } : { seen: `${count}` };
  });

describe("a connection that the server ends", () => {
  test("leaves none behind, however much was waiting on it", async () => {
    const url = new Secret(made.url);
    for (let round = 0; round < 5; round++) {
      const pool = await openDatabase({ url, applicationName: "leaky", access: "read-write", readers: 2 });
      // More than the driver sends ahead: the rest waits in its own queue, for which it would reconnect.
      const reads = Array.from({ length: 400 }, () =>
        pool.sql`select pg_sleep(0.05)`.then(
          () => "done",
          () => "lost",
        ),
      );
      await until("leaky", (count) => count === 2);
      await watcher.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leaky'`;
      expect(await Promise.all(reads)).toContain("lost");
      expect((await pool.sql`select 1 as one`)[0]?.one).toBe(1);
      await pool.close();
      await until("leaky", (count) => count === 0);
    }
    // One that was planned would be made within the driver's back-off.
    await Bun.sleep(300);
    expect(await connections("leaky")).toBe(0);
  });
});

describe("something that accepts and closes", () => {
  test("is told at once, not when the statement's time is over", async () => {
    const closing = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: (socket) => void socket.end(), data() {} },
    });
    try {
      const url = new URL(made.url);
      url.port = String(closing.port);
      const opening = openDatabase({ url: new Secret(url.href), applicationName: "tunnel", access: "read-only" });
      const outcome = await Promise.race([opening.catch((error: Error) => error.message), Bun.sleep(5_000)]);
      expect(outcome).toBe("Could not connect to the State Hub database");
    } finally {
      closing.stop(true);
    }
  });
});
