// The hub over a copy must answer as the source's would have: the same hub, and the same summary to the byte.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { compareHub } from "../../../../lib/drill/copy/compare_hub.ts";
import type { CopyTarget } from "../../../../lib/drill/copy/copy_target.ts";
import type { HubFacts } from "../../../../lib/drill/source/facts.ts";
import { serverIdentity } from "../../../../lib/drill/source/live_source.ts";
import { Secret } from "../../../../lib/secret.ts";
import { drillRun } from "../../../support/drill_run.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";

const AS_OF = "2026-11-21T10:00:00.000Z";
const run = drillRun(null);
const { hub, signal } = run.terms;

let copy: TestHub;
let target: CopyTarget;
let facts: HubFacts;
beforeAll(async () => {
  copy = await freshHub();
  const url = new Secret(copy.url);
  const unused = async () => Promise.reject(new Error("not asked for"));
  const server = await serverIdentity(url);
  target = { kind: "disposable", url, server, query: unused, scratch: unused, close: async () => {} };
  const { instance_id = "" } = (await hub.identityOf(copy.database.sql)) ?? {};
  facts = { instance_id, as_of: AS_OF, summary: await hub.summaryAt(copy.database.sql, AS_OF) };
});
afterAll(async () => {
  await run.end();
  await copy.close();
});

const compared = (expected: HubFacts | null) => compareHub({ hub: expected }, target, { hub, signal });

test("compareHub() finds the hub over an equal copy equal", async () => {
  expect(await compared(facts)).toEqual({ hub: "equal", differences: [] });
});

test("compareHub() finds another hub's instance, and names both", async () => {
  const other = crypto.randomUUID();
  const { hub: verdict, differences } = await compared({ ...facts, instance_id: other });
  expect(verdict).toBe("differs");
  expect(differences).toEqual([
    { kind: "/state/health", object: "instance_id", expected: other, actual: `${facts.instance_id}` },
  ]);
});

test("compareHub() finds a summary that is not the same to the byte", async () => {
  const { differences } = await compared({ ...facts, summary: `${facts.summary} ` });
  expect(differences.map(({ kind, object }) => [kind, object])).toEqual([["/state/summary", "bytes"]]);
});

test("compareHub() names the counts that differ", async () => {
  await copy.database.sql`insert into decisions (title) values ('One')`;
  const { hub: verdict, differences } = await compared(facts);
  expect(verdict).toBe("differs");
  expect(differences.every(({ kind }) => kind === "/state/summary")).toBe(true);
});

test("compareHub() has nothing to ask of a database that is no hub", async () => {
  expect(await compared(null)).toEqual({ hub: "not_applicable", differences: [] });
});

test("compareHub() says what stood in the way when the source's own summary could not be computed", async () => {
  const unseen = { ...facts, summary: null, unseen: 'column "status" does not exist' };
  await expect(compared(unseen)).rejects.toMatchObject({
    message: "Could not compare the hub's answers",
    observed: 'the source\'s own could not be computed: column "status" does not exist',
  });
});
