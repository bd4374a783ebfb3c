// The tables of the service's runbooks against the sources: every problem that the hub can answer with, every state of its
// relay, every line of its log. Whoever meets one without a row is left alone with it. (Metrics are compared, and commands
// run, in test/scenarios/service_runbooks.test.ts.)
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { readServiceConfig } from "../lib/config.ts";
import type { RelayStateName } from "../lib/events/relay_state.ts";
import { readRunbook } from "../lib/runbook/read_runbook.ts";

const ROOT = join(import.meta.dir, "..");
const service = readRunbook(join(ROOT, "runbooks/state_hub.md"));
const events = readRunbook(join(ROOT, "runbooks/lifecycle_events.md"));
const hub = [...new Glob("lib/hub/**/*.ts").scanSync(ROOT)].map((file) => readFileSync(join(ROOT, file), "utf8"));

/** A problem where it is made, by its class or by the health route's own word for one. */
const MADE = /(?:new Problem\(\s*(\w+),|\b(unhealthy)\()\s*"([^"]+)"/g;

/** Status and title of each; a status that is a variable stands for the two of an interrupted run. */
function problemsInSources(): string[] {
  const made = hub.flatMap((text) => [...text.matchAll(MADE)]);
  const statusOf = (given: string | undefined) => (given === "status" ? "409 or 503" : (given ?? "503"));
  return [...new Set(made.map(([, status, , title]) => `${statusOf(status)} ${title}`))];
}

test("every problem of the hub has its row, with what it means and what to do, and no row is of none", () => {
  const rows = service.rows.filter(({ titles }) => titles[1] === "title");
  const told = rows.map(({ cells: [status, title] }) => `${status} ${title}`);
  expect(told.length).toBeGreaterThan(25);
  expect(told.toSorted()).toEqual(problemsInSources().toSorted());
  expect(rows.filter(({ cells }) => cells.length !== 4 || cells.includes(""))).toEqual([]);
});

test("no problem's title is made up where the search for titles does not see it", () => {
  const made = hub.flatMap((text) => [...text.matchAll(/new Problem\(\s*\w+,\s*(\w+|")/g)]).map(([, title]) => title);
  // The one is the health route's own.
  expect(made.filter((title) => title !== '"')).toEqual(["title"]);
  expect(hub.join("").split("new Problem(").length - 1).toBe(made.length);
});

test("every state of the relay has its row", () => {
  const rows = events.rows.filter(({ titles }) => titles[0] === "state").map(({ cells }) => cells[0]);
  expect(rows.toSorted()).toEqual(
    Object.keys(STATES)
      .map((name) => `\`${name}\``)
      .sort(),
  );
});

test("every event of the hub's own log has its row", () => {
  const written = hub.flatMap((text) => [...text.matchAll(/level: "\w+",\s*event: "(\w+)"|event: "(\w+)" as const/g)]);
  const names = [...new Set(written.map(([, one, other]) => one ?? other ?? ""))].filter((name) => name !== "upkeep");
  const cells = service.rows.filter(({ titles }) => titles[0]?.includes("event")).map(({ cells }) => cells[0] ?? "");
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !cells.some((cell) => cell.includes(`\`${name}\``)))).toEqual([]);
});

test("every variable of the service has its row", () => {
  const cells = service.rows.filter(({ titles }) => titles[0] === "variable").map(({ cells }) => cells[0]);
  const asked = new Set<string>();
  const env = new Proxy({} as Record<string, string | undefined>, {
    get: (_, name) => {
      asked.add(String(name));
      return undefined;
    },
  });
  readServiceConfig(env);
  const names = [...asked].filter((name) => !name.endsWith("_FILE"));
  expect(names.length).toBeGreaterThan(3);
  expect(names.filter((name) => !cells.includes(`\`${name}\``))).toEqual([]);
});

/** One for each; a new one is a type error here until the runbook has its row. */
const STATES = {
  starting: true,
  relaying: true,
  some_refused: true,
  suppressing: true,
  stopped: true,
  unreachable: true,
  unanswered: true,
  refused: true,
  not_permitted: true,
  no_jetstream: true,
  stream_missing: true,
  stream_unusable: true,
  stream_overlaps: true,
  full: true,
  unavailable: true,
  database: true,
} satisfies Record<RelayStateName, true>;
