// A server, or a role, without a connection left: the drill can do with fewer, and says so.
import { expect, test } from "bun:test";
import { openSession } from "../../../lib/drill/copy/one_session.ts";
import { fewerSessions } from "../../../lib/drill/fewer_sessions.ts";
import { openDrillSnapshot } from "../../../lib/drill/source/drill_snapshot.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";
import { freshDatabase } from "../../support/postgres_server.ts";

test("a role that may not have so many sessions is told of --jobs 1, unless that was typed already", async () => {
  const database = await freshDatabase();
  const session = await openSession(new Secret(database.url));
  const role = `few_${database.name}`;
  await session.query(`create role ${role} login password 'few' connection limit 2`);
  const url = Object.assign(new URL(database.url), { username: role, password: "few" });
  const { signal } = new AbortController();
  const failure: OpsFailure = await openDrillSnapshot({
    ...{ url: new Secret(url.href), sessions: 4, lockWaitMs: 1_000, signal },
  }).then(
    () => Promise.reject(new Error("it did not fail")),
    (error) => error,
  );
  expect(failure.observed).toContain("too many connections for role");
  const told = fewerSessions(failure, 4) as OpsFailure;
  expect(told.hint).toStartWith("scripts/backup_restore_drill.ts --jobs 1");
  expect([told.message, told.observed]).toEqual([failure.message, failure.observed]);
  expect(fewerSessions(failure, 1)).toBe(failure);
  await session.query(`drop role ${role}`);
  await session.close();
  await database.drop();
});

test("what has nothing to do with connections comes back as it is", () => {
  const failure = new OpsFailure("Could not dump", { observed: "the disk is full [53100]", hint: "df -h" });
  expect(fewerSessions(failure, 4)).toBe(failure);
});
