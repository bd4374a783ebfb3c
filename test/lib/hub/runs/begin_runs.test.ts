// How runs begin: how many at once, and what becomes of one whose row was written, or was not, while nobody heard of it. A
// request is one run, however often it is sent.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Database } from "../../../../lib/db/connect.ts";
import type { RunHost } from "../../../../lib/hub/runs/run_host.ts";
import type { Run } from "../../../../lib/hub/runs/run_rows.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";
import { controlledHost, DONE, order, problemOf, withFirst } from "./controlled_host.ts";

let hub: TestHub;
const opened: RunHost[] = [];
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  for (const host of opened) await host.stop(0);
  await hub.close();
});

const hostOf = async (heeds = true, database: Database = hub.database) => {
  const controlled = await controlledHost(database, heeds);
  opened.push(controlled.host);
  return controlled;
};

const lostAnswer = () => Promise.reject(new Error("the answer was lost"));

/** The first row of a run is written, and nobody hears of it. */
const losingAnswers = () =>
  withFirst(hub.database, { "insert into consistency_runs": (statement) => statement.then(lostAnswer) });

test("begins four runs at once, and the next when one has ended", async () => {
  const { host, end } = await hostOf();
  const runs = await Promise.all([order(), order(), order(), order()].map((each) => host.begin(each)));
  const refused = order();
  expect(await problemOf(host.begin(refused))).toBe("503 Too many runs");
  expect(await host.find(refused.run_id)).toBeNull();
  const [first] = runs as [Run, ...Run[]];
  // A run that is known is no new one.
  expect((await host.begin({ ...order(), run_id: first.run_id })).status).toBe("running");
  end(first.run_id);
  expect(await host.ended(first)).toMatchObject({ status: "finished", result: DONE });
  expect((await host.begin(refused)).status).toBe("running");
});

test("where the answer to its row's writing got lost, the row goes, and the same request begins the run", async () => {
  const { host } = await hostOf(true, losingAnswers());
  const asked = order();
  await expect(host.begin(asked)).rejects.toThrow("the answer was lost");
  const rows = () => hub.database.sql`select from consistency_runs where run_id = ${asked.run_id}`;
  await waitUntil({ forWhat: "the row to go", deadlineMs: 5_000 }, async () =>
    (await rows()).length === 0 ? { found: true } : { seen: "there" },
  );
  expect((await host.begin(asked)).status).toBe("running");
});

test("while it is not known whether a row was written, its id begins nothing; then it begins a run that stays", async () => {
  const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const away = withFirst(hub.database, {
    "insert into consistency_runs": () => Promise.reject(new Error("the connection closed")),
    "delete from consistency_runs": (statement) => back.then(() => statement).finally(gone.resolve),
  });
  const { host } = await hostOf(true, away);
  const asked = order();
  await expect(host.begin(asked)).rejects.toThrow("the connection closed");
  const meanwhile = await problemOf(host.begin(asked));
  comeBack();
  await gone.promise;
  await waitUntil({ forWhat: "the run to begin", deadlineMs: 5_000 }, async () => {
    const problem = await problemOf(host.begin(asked));
    return problem === null ? { found: true } : { seen: problem };
  });
  expect(meanwhile).toBe("503 Database unavailable");
  expect((await host.find(asked.run_id))?.status).toBe("running");
});

test("of two requests for one run at the same moment, one that loses its connection does not take the other's row", async () => {
  // The other's statement is sent, on the same connection, before this one is known to be lost.
  const lostLate = () => hub.database.sql`select pg_sleep(0.05)`.then(lostAnswer);
  const cut = withFirst(hub.database, { "insert into consistency_runs": lostLate });
  const { host, begun } = await hostOf(true, cut);
  const asked = order();
  await Promise.allSettled([host.begin(asked), host.begin(asked)]);
  await waitUntil({ forWhat: "the run to begin", deadlineMs: 5_000 }, async () => {
    const problem = await problemOf(host.begin(asked));
    return problem === null ? { found: true } : { seen: problem };
  });
  expect((await host.find(asked.run_id))?.status).toBe("running");
  expect(begun).toEqual([asked.run_id]);
});
