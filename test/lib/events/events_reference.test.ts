// The reference page says what the code does: the file is what the list makes, and the list holds what consumers know.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventsReference } from "../../../lib/events/events_reference.ts";

const FILE = join(import.meta.dir, "../../../lib/events/EVENTS.md");

test("lib/events/EVENTS.md is what lifecycle_events.ts makes; if not: scripts/bun test/write_events_reference.ts", () => {
  expect(readFileSync(FILE, "utf8")).toBe(eventsReference());
});

test("the page names the five subjects that others listen to", () => {
  expect([...eventsReference().matchAll(/^## (org\..*)$/gm)].map(([, subject]) => subject)).toEqual([
    "org.statehub.repo.registered",
    "org.statehub.workstream.completed",
    "org.statehub.decision.resolved",
    "org.statehub.domain.goal.activated",
    "org.statehub.task.stale",
  ]);
});

test("the page tells of an attribute its type, whether it may be null, and what it is", () => {
  expect(eventsReference()).toContain("| `workplan_id` | string or null | That workplan's own id |");
  expect(eventsReference()).toContain("| `decision_id` | UUID | The hub's id of the decision |");
});
