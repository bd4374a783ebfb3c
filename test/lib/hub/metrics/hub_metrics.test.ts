// GET /metrics of a served hub: what the database holds, what this process did, and what is left while one of them is away.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SWEEP_DEFINITION_ID } from "../../../../lib/activity/activity_run.ts";
import { Database } from "../../../../lib/db/connect.ts";
import { SWEEP_DEFINITION } from "../../../../lib/hub/metrics/database_counts.ts";
import { hubMetrics } from "../../../../lib/hub/metrics/hub_metrics.ts";
import { OF_THE_DATABASE, OF_THIS_PROCESS } from "../../../../lib/hub/metrics/measured.ts";
import { freePort } from "../../../../lib/postgres/free_port.ts";
import { Secret } from "../../../../lib/secret.ts";
import { type Family, readExposition, sampleValue } from "../../../support/exposition.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
  await fill(hub);
});
afterAll(() => hub.close());

const HOSTILE_SLUG = 'a"} 1\nfake 7\\';

async function fill({ database: { sql } }: ServedHub): Promise<void> {
  await sql.unsafe(`
    insert into repos (id, slug, removed_at) values
      ('00000000-0000-7000-8000-000000000001', 'swept', null), ('00000000-0000-7000-8000-000000000002', 'never', null),
      ('00000000-0000-7000-8000-000000000003', 'removed', now());
    insert into sweep_state (run_id, write_back, finished_at, repos) values (state_hub_uuid_v7(), false, now(), json_build_object(
      '00000000-0000-7000-8000-000000000001', json_build_object('ok_at', now() - interval '90 seconds'))::jsonb);
    insert into findings (repo_id, finding_key, origin, check_id, severity, message, closed_at)
    select ('00000000-0000-7000-8000-00000000000' || repo)::uuid, key, 'repo', check_id, severity, 'x', closed from (values
      (1, 'a', 'C-01', 'error', null::timestamptz), (1, 'b', 'C-01', 'error', null), (2, 'c', 'C-22', 'warning', null),
      (2, 'd', 'C-22', 'warning', now()), (3, 'e', 'C-05', 'error', null)) f(repo, key, check_id, severity, closed);
    insert into outbox (subject, attributes, created_at, suppressed_at) values
      ('a', '{}', now() - interval '60 seconds', null), ('b', '{}', now(), null), ('c', '{}', now(), now());
    insert into consistency_runs (run_id, mode, source, server, status) values
      (state_hub_uuid_v7(), 'remote-all', 'api', 's', 'finished'), (state_hub_uuid_v7(), 'remote-all', 'api', 's', 'interrupted');
  `);
  await sql`insert into repos (slug) values (${HOSTILE_SLUG})`;
  await sql.unsafe(`
    insert into activity.activity_runs (definition_id, source, scheduled_for, fired_at, finished_at, status) values
      ('${SWEEP_DEFINITION_ID}', 'local-timer', now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour' + interval '3 seconds', 'succeeded'),
      ('${SWEEP_DEFINITION_ID}', 'local-timer', now() - interval '2 hours', now() - interval '2 hours', now() - interval '2 hours' + interval '700 seconds', 'failed'),
      ('${SWEEP_DEFINITION_ID}', 'local-timer', now() - interval '3 hours', now() - interval '3 hours', now() - interval '3 hours', 'skipped'),
      ('${SWEEP_DEFINITION_ID}', 'local-timer', now(), now(), now(), 'skipped'),
      ('${SWEEP_DEFINITION_ID}', 'manual', null, now(), null, 'failed'),
      (state_hub_uuid_v7(), 'k8s-cronjob', now(), now(), now(), 'succeeded')`);
}

async function scraped(): Promise<ReadonlyMap<string, Family>> {
  const answer = await hub.ask("/metrics");
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return readExposition(await answer.text());
}

describe("GET /metrics", () => {
  test("tells of every metric in the table, with its help and type, and of no label that is not in it", async () => {
    const read = await scraped();
    for (const measure of [...Object.values(OF_THIS_PROCESS), ...Object.values(OF_THE_DATABASE)]) {
      const family = read.get(measure.name);
      expect({ name: measure.name, type: family?.type, help: family?.help }).toEqual({
        name: measure.name,
        type: measure.type,
        help: measure.help,
      });
      for (const { labels } of family?.samples ?? [])
        expect(
          Object.keys(labels)
            .filter((label) => label !== "le")
            .toSorted(),
        ).toEqual([...measure.labels].toSorted());
    }
  });

  test("counts sweeps by source and outcome, whoever ran them, and a skip only when its slot is over", async () => {
    expect(SWEEP_DEFINITION).toBe(SWEEP_DEFINITION_ID);
    const read = await scraped();
    const count = (source: string, outcome: string) => sampleValue(read, "state_hub_sweeps_total", { source, outcome });
    expect([
      count("local-timer", "succeeded"),
      count("local-timer", "failed"),
      count("local-timer", "skipped"),
      count("manual", "failed"),
      count("k8s-cronjob", "succeeded"),
    ]).toEqual([1, 1, 1, 1, undefined]);
  });

  test("times those that ran: a skip, and one whose end nobody saw, have no duration", async () => {
    const read = await scraped();
    const bucket = (le: string) =>
      sampleValue(read, "state_hub_sweep_duration_seconds_bucket", { source: "local-timer", le });
    expect([bucket("2"), bucket("5"), bucket("600"), bucket("+Inf")]).toEqual([0, 1, 1, 2]);
    expect(sampleValue(read, "state_hub_sweep_duration_seconds_sum", { source: "local-timer" })).toBeCloseTo(703, 0);
    expect(sampleValue(read, "state_hub_sweep_duration_seconds_count", { source: "manual" })).toBeUndefined();
  });

  test("tells how long ago each repository was swept, infinitely long where it never was, whatever it is called", async () => {
    const read = await scraped();
    const age = (repo: string) => sampleValue(read, "state_hub_repo_last_success_age_seconds", { repo });
    expect(age("swept")).toBeGreaterThanOrEqual(90);
    expect(age("swept")).toBeLessThan(150);
    expect([age("never"), age(HOSTILE_SLUG)]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(age("removed")).toBeUndefined();
  });

  test("counts findings that are open, events that wait and runs that were asked for", async () => {
    const read = await scraped();
    const open = (check: string, severity: string) => sampleValue(read, "state_hub_open_findings", { check, severity });
    expect([open("C-01", "error"), open("C-22", "warning"), open("C-05", "error")]).toEqual([2, 1, undefined]);
    expect(sampleValue(read, "state_hub_outbox_waiting")).toBe(2);
    expect(sampleValue(read, "state_hub_outbox_suppressed")).toBe(1);
    expect(sampleValue(read, "state_hub_outbox_oldest_age_seconds")).toBeGreaterThanOrEqual(60);
    expect(sampleValue(read, "state_hub_runs", { status: "interrupted" })).toBe(1);
  });

  test("counts requests by described route and class of status, and all that nobody offers as one", async () => {
    await Promise.all(["/no/such", "/nor/this", "/decisions?limit=x"].map((path) => hub.ask(path)));
    await hub.ask("/decisions/", { method: "PUT" });
    await hub.ask("/decisions", { method: "BREW" } as RequestInit).catch(() => {});
    const read = await scraped();
    const count = (labels: Record<string, string>) =>
      sampleValue(read, "state_hub_http_request_duration_seconds_count", labels);
    expect(count({ route: "none", method: "GET", status: "4xx" })).toBe(2);
    expect(count({ route: "/decisions", method: "GET", status: "4xx" })).toBe(1);
    const routes = read.get("state_hub_http_request_duration_seconds")?.samples.map(({ labels }) => labels.route);
    expect([...new Set(routes)].toSorted()).toEqual(["/decisions", "/metrics", "none"]);
    expect(sampleValue(read, "state_hub_pool_connections", { pool: "readers" })).toBeGreaterThanOrEqual(1);
  });
});

describe("hubMetrics() without a database", () => {
  const none = { relay: () => null, version: "1" } as const;

  test("still tells of the process, and that the database is away", async () => {
    const url = new Secret(`postgres://nobody@127.0.0.1:${freePort()}/none`);
    const database = new Database({ url, applicationName: "away", access: "read-only" });
    const metrics = hubMetrics({ ...none, database });
    const read = readExposition(await metrics.text());
    expect(sampleValue(read, "state_hub_up")).toBe(0);
    expect(read.has("state_hub_outbox_waiting")).toBe(false);
    expect(sampleValue(read, "state_hub_build_info", { version: "1" })).toBe(1);
    metrics.stop();
    await database.close();
  });

  test("asks once for all who ask at the same time, and again for the next", async () => {
    let asked = 0;
    const { sql } = hub.database;
    const database = {
      use: hub.database.use,
      get sql() {
        asked++;
        return sql;
      },
    };
    const metrics = hubMetrics({ ...none, database });
    await Promise.all(Array.from({ length: 50 }, () => metrics.text()));
    expect(asked).toBe(1);
    await metrics.text();
    expect(asked).toBe(2);
    metrics.stop();
  });
});

describe("the relay in the metrics", () => {
  test("is told by its state, and what it published", async () => {
    const relay = () => ({ state: "relaying", published: 7, refused: 2 }) as const;
    const metrics = hubMetrics({ database: hub.database, relay, version: "1" });
    const read = readExposition(await metrics.text());
    expect(sampleValue(read, "state_hub_relay_state", { state: "relaying" })).toBe(1);
    expect([
      sampleValue(read, "state_hub_relay_published_total"),
      sampleValue(read, "state_hub_relay_refused"),
    ]).toEqual([7, 2]);
    metrics.stop();
  });
});
