// What stands in the outbox after a change: exactly the attributes that the reference page names, never a password, and
// nothing at all when the change concerns nobody else or is rolled back. On real rows.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { LIFECYCLE_EVENTS, type Transition } from "../../../lib/events/lifecycle_events.ts";
import { recordTransitions } from "../../../lib/events/transitions.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";

let hub: TestHub;
let ids: Readonly<Record<string, string>>;
beforeAll(async () => {
  hub = await freshHub();
  ids = await someRows();
});
afterEach(async () => {
  await hub.database.sql`truncate outbox`;
});
afterAll(() => hub.close());

const PASSWORD = "s3cret";

/** Rows with all that they may belong to, and rows with as little as they need; by the names that the cases use. */
async function someRows(): Promise<Record<string, string>> {
  const { sql } = hub.database;
  const one = async (rows: PromiseLike<readonly { id: string }[]>) => (await rows)[0]?.id ?? "";
  const domain = await one(sql`insert into domains (slug) values ('custodian') returning id`);
  const repo = await one(sql`insert into repos (slug, domain_id, remote_url)
    values ('full', ${domain}, ${`https://someone:${PASSWORD}@git.example/full.git`}) returning id`);
  const bare = await one(sql`insert into repos (slug) values ('bare') returning id`);
  const workstream = (of: string, in_domain: string | null) =>
    one(sql`insert into workstreams (repo_id, workplan_id, path, title, domain_id, status)
      values (${of}, 'WP-1', 'w.md', 'Title', ${in_domain}, 'finished') returning id`);
  const [full, alone] = [await workstream(repo, domain), await workstream(bare, null)];
  const task = await one(sql`insert into tasks (repo_id, workstream_id, task_id, line, title, status, priority)
    values (${repo}, ${full}, 'T1', 3, 'Task', 'cancelled', 'low') returning id`);
  return {
    repo,
    bare,
    full,
    alone,
    task,
    ofTask: await one(sql`insert into decisions (task_id, title, status, outcome, resolved_by)
      values (${task}, 'Which one?', 'resolved', 'This one', 'tegwick') returning id`),
    ofWorkstream: await one(
      sql`insert into decisions (workstream_id, title, status) values (${alone}, 'When?', 'resolved') returning id`,
    ),
    ofNothing: await one(sql`insert into decisions (title, status) values ('Why?', 'resolved') returning id`),
    goal: await one(
      sql`insert into domain_goals (domain_id, title, status) values (${domain}, 'Calm', 'active') returning id`,
    ),
  };
}

/** The outbox after these, in a transaction of their own. */
async function noted(transitions: readonly Transition[], rollBack = false) {
  await hub.database.transaction(async (tx) => void (await Promise.all(recordTransitions(tx, transitions))), {
    rollBack,
  });
  return hub.database.sql<{ subject: string; attributes: Record<string, unknown> }[]>`
    select subject, attributes from outbox order by subject, attributes::text`;
}

type Case = readonly [what: string, Omit<Transition, "id"> & { readonly row: string }, known: Record<string, unknown>];
const CASES: readonly Case[] = [
  [
    "a repository with everything",
    { of: "repo", row: "repo", from: null, to: "registered" },
    { repo: "full", domain: "custodian", remote_url: "https://git.example/full.git", from: null, to: "registered" },
  ],
  [
    "a repository with as little as it needs",
    { of: "repo", row: "bare", from: "removed", to: "registered" },
    { repo: "bare", domain: null, remote_url: null, from: "removed" },
  ],
  [
    "a workstream in a domain",
    { of: "workstream", row: "full", from: "active", to: "finished" },
    { workplan_id: "WP-1", repo: "full", domain: "custodian", from: "active", to: "finished" },
  ],
  [
    "a workstream without a domain",
    { of: "workstream", row: "alone", from: "blocked", to: "finished" },
    { workplan_id: "WP-1", repo: "bare", domain: null },
  ],
  [
    "a decision about a task",
    { of: "decision", row: "ofTask", from: "open", to: "resolved" },
    { title: "Which one?", outcome: "This one", resolved_by: "tegwick", repo: "full", workplan_id: "WP-1", task: "T1" },
  ],
  [
    "a decision about a workstream",
    { of: "decision", row: "ofWorkstream", from: "open", to: "resolved" },
    { outcome: null, resolved_by: null, repo: "bare", workplan_id: "WP-1", task_id: null, task: null },
  ],
  [
    "a decision about nothing",
    { of: "decision", row: "ofNothing", from: "open", to: "resolved" },
    { repo_id: null, repo: null, workstream_id: null, workplan_id: null, task_id: null, task: null },
  ],
  [
    "a goal",
    { of: "domain_goal", row: "goal", from: "draft", to: "active" },
    { title: "Calm", domain: "custodian", from: "draft" },
  ],
  [
    "a stale task",
    { of: "stale_task", row: "task", from: "todo", to: "cancelled", status_changed_at: "2026-01-01T00:00:00Z" },
    {
      task: "T1",
      workplan_id: "WP-1",
      repo: "full",
      status_changed_at: "2026-01-01T00:00:00Z",
      from: "todo",
      to: "cancelled",
    },
  ],
];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHAPES = {
  id: (value: unknown) => typeof value === "string" && UUID.test(value),
  text: (value: unknown) => typeof value === "string" && value !== "",
  time: (value: unknown) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
};

describe("recordTransitions()", () => {
  for (const [what, { row, ...change }, known] of CASES) {
    test(`notes of ${what} exactly the attributes that the page names, in the shapes that it names`, async () => {
      const [event, ...more] = await noted([{ ...change, id: ids[row] ?? "" }]);
      expect(more).toEqual([]);
      const described = LIFECYCLE_EVENTS.find(({ type }) => type === event?.subject);
      expect(Object.keys(event?.attributes ?? {}).sort()).toEqual(Object.keys(described?.attributes ?? {}).sort());
      for (const [name, { kind, nullable }] of Object.entries(described?.attributes ?? {})) {
        const value = event?.attributes[name];
        expect({ name, value, fits: value === null ? nullable : SHAPES[kind](value) }).toEqual({
          name,
          value,
          fits: true,
        } as never);
      }
      expect(event?.attributes).toMatchObject(known);
      expect(JSON.stringify(event)).not.toContain(PASSWORD);
    });
  }

  for (const [url, shown] of [
    ["https://someone:s3cret@git.example/r.git", "https://git.example/r.git"],
    ["https://s3cret@git.example/r.git", "https://git.example/r.git"],
    ["HTTPS://x:s3cret@git.example/r.git", "HTTPS://git.example/r.git"],
    ["https://x:s3c@ret@git.example/r.git", "https://git.example/r.git"],
    ["https://git.example/r.git?private_token=s3cret", "https://git.example/r.git"],
    ["git@git.example:team/r.git", "git@git.example:team/r.git"],
    ["/srv/git/r.git", "/srv/git/r.git"],
  ] as const) {
    test(`tells of ${url} as ${shown}`, async () => {
      await hub.database.sql`update repos set remote_url = ${url} where id = ${ids.bare ?? ""}`;
      const [event] = await noted([{ of: "repo", id: ids.bare ?? "", from: null, to: "registered" }]);
      expect(event?.attributes.remote_url).toBe(shown);
      await hub.database.sql`update repos set remote_url = null where id = ${ids.bare ?? ""}`;
    });
  }

  for (const [what, change] of [
    ["a first import of a finished workstream", { of: "workstream", row: "full", from: null, to: "finished" }],
    ["a workstream that was finished already", { of: "workstream", row: "full", from: "finished", to: "finished" }],
    ["a workstream that becomes active", { of: "workstream", row: "full", from: "draft", to: "active" }],
    ["a decision that is withdrawn", { of: "decision", row: "ofTask", from: "open", to: "withdrawn" }],
    ["a goal that is achieved", { of: "domain_goal", row: "goal", from: "active", to: "achieved" }],
    ["a repository that is removed", { of: "repo", row: "repo", from: "registered", to: "removed" }],
  ] as const) {
    test(`notes nothing of ${what}`, async () => {
      const { row, ...transition } = change;
      expect(await noted([{ ...transition, id: ids[row] ?? "" }])).toHaveLength(0);
    });
  }

  test("notes many changes of several kinds, one event each", async () => {
    const all = CASES.map(([, { row, ...change }]) => ({ ...change, id: ids[row] ?? "" }));
    expect(await noted(all)).toHaveLength(CASES.length);
  });

  test("notes nothing of what is rolled back", async () => {
    const all = CASES.map(([, { row, ...change }]) => ({ ...change, id: ids[row] ?? "" }));
    expect(await noted(all, true)).toHaveLength(0);
  });
});
