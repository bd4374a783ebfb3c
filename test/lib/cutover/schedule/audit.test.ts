import { expect, test } from "bun:test";
import { audit } from "../../../../lib/cutover/schedule/audit.ts";
import { freshHub } from "../../../support/hub.ts";

test("audit() leaves one progress event for an act, also when it is told of it again", async () => {
  const hub = await freshHub();
  const terms = { hub: hub.database, host: "here", operator: "somebody", act: "switch", plan: Bun.randomUUIDv7() };
  const step = { id: "disable_timer", says: "It fires no more", commands: [], undo: "start it" };
  const act = Bun.randomUUIDv7();
  for (let time = 0; time < 2; time++) await audit(terms, { step, act, evidence: { timer: "off" } });
  const rows = await hub.database.sql`select id, event_type, source, summary, detail from progress_events`;
  expect([...rows]).toMatchObject([
    {
      id: act,
      event_type: "schedule_cutover",
      source: "manual",
      summary: "switch: disable_timer",
      detail: { act: "switch", step: "disable_timer", host: "here", operator: "somebody", evidence: { timer: "off" } },
    },
  ]);
  await hub.close();
});
