// What a hub tidies up while it serves: old keys go, young ones stay, and a database that is away is no reason to end.
import { expect, test } from "bun:test";
import type { LogRecord } from "../../../lib/hub/http/log_request.ts";
import { startUpkeep } from "../../../lib/hub/upkeep.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { freshHub } from "../../support/hub.ts";

test("startUpkeep() forgets keys that nobody repeats any more, all of them, and no other", async () => {
  const hub = await freshHub();
  const { sql } = hub.database;
  await sql`insert into idempotency_keys (key, digest, created_at) select 'old ' || n, 'd', now() - interval '8 days' from generate_series(1, 10500) n`;
  await sql`insert into idempotency_keys (key, digest, created_at) values ('young', 'd', now() - interval '6 days')`;
  const log: LogRecord[] = [];
  const upkeep = startUpkeep(hub.database, (record) => log.push(record));
  await waitUntil({ forWhat: "the upkeep to be done", deadlineMs: 10_000 }, () =>
    log.length > 0 ? { found: true } : { seen: "nothing logged" },
  );
  upkeep.stop();
  expect(log).toMatchObject([{ event: "upkeep", idempotency_keys_forgotten: 10_500 }]);
  expect((await sql<{ key: string }[]>`select key from idempotency_keys`).map(({ key }) => key)).toEqual(["young"]);
  await hub.close();
});

test("startUpkeep() forgets runs that ended long ago, and none that has not ended", async () => {
  const hub = await freshHub();
  const { sql } = hub.database;
  await sql`
    insert into consistency_runs (run_id, mode, source, server, status, requested_at)
    select gen_random_uuid(), 'remote-all', source, 'server', status, now() - age::interval
    from (values ('old', 'finished', '31 days'), ('lost', 'interrupted', '31 days'), ('kept', 'finished', '29 days'),
      ('kept', 'running', '31 days')) as run (source, status, age)`;
  const log: LogRecord[] = [];
  const upkeep = startUpkeep(hub.database, (record) => log.push(record));
  await waitUntil({ forWhat: "the upkeep to be done", deadlineMs: 10_000 }, () =>
    log.length > 0 ? { found: true } : { seen: "nothing logged" },
  );
  upkeep.stop();
  expect(log).toMatchObject([{ event: "upkeep", runs_forgotten: 2 }]);
  const left = await sql<{ source: string }[]>`select source from consistency_runs`;
  expect(left.map(({ source }) => source)).toEqual(["kept", "kept"]);
  await hub.close();
});

test("startUpkeep() says what failed, and throws nothing at anybody", async () => {
  const log: LogRecord[] = [];
  const database = {
    get sql(): never {
      throw new Error("away");
    },
  };
  const upkeep = startUpkeep(database, (record) => log.push(record));
  await waitUntil({ forWhat: "the failure to be logged", deadlineMs: 5_000 }, () =>
    log.length > 0 ? { found: true } : { seen: "nothing logged" },
  );
  upkeep.stop();
  expect(log).toMatchObject([{ level: "warning", event: "upkeep_failed", message: "away" }]);
});
