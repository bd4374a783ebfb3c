// A hub with a row of each kind, and the promise that nothing of it changes: for tests that send what nobody should.
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "bun:test";
import { plant } from "../lib/hub/routes/planted_rows.ts";
import { changedTables, digestOf, type HubDigest } from "./hub_digest.ts";
import { type OfferedRoute, offeredRoutes } from "./offered_routes.ts";
import { type ServedHub, servedHub } from "./served_hub.ts";

/** An id that nothing has. */
export const UNKNOWN_ID = "0190a8e2-7b1c-7000-8000-00000000000a";

export interface HostileScene {
  readonly hub: ServedHub;
  /** Those of the description, less the description. */
  readonly routes: readonly OfferedRoute[];
  /** The path with something that is there, or with `value`, in its place. */
  targetOf(route: OfferedRoute, value?: string): string;
}

/** Made before the file's tests; after each of them every table is as it was, and the log holds no bug. */
export function hostileScene(): () => HostileScene {
  let scene: HostileScene | undefined;
  let before: HubDigest = {};
  const made = () => {
    if (scene === undefined) throw new Error("the scene is made before the first test");
    return scene;
  };
  beforeAll(async () => {
    const hub = await servedHub();
    const there = await rowsOf(hub);
    const routes = (await offeredRoutes(hub)).filter(({ path }) => path !== "/openapi.json");
    const targetOf = ({ path }: OfferedRoute, value?: string) =>
      path.replace(/\{\w+\}/, value ?? there[path.split("/")[1] ?? ""] ?? UNKNOWN_ID);
    scene = { hub, routes, targetOf };
  });
  afterAll(() => made().hub.close());
  beforeEach(async () => {
    before = await digestOf(made().hub.database.sql);
  });
  afterEach(async () => {
    const { hub } = made();
    expect(changedTables(before, await digestOf(hub.database.sql))).toEqual([]);
    expect(hub.log.filter(({ level, error }) => level === "error" || error !== undefined)).toEqual([]);
  });
  return made;
}

/** What a failed expectation shows: which route, what was sent, what came back. */
export function outcome({ method, path }: OfferedRoute, what: string, status: number): string {
  return `${method} ${path} ${what}: ${status}`;
}

/** Ids by the first word of the paths that take them; a repository by its slug. */
async function rowsOf(hub: ServedHub): Promise<Readonly<Record<string, string>>> {
  const { sql } = hub.database;
  const { id, tasks } = await plant(sql, "target", { plan: "H-WP-0001", tasks: [{}] });
  await sql`insert into progress_events (event_type, source) values ('kept', 'kept')`;
  const [decision] = await sql<{ id: string }[]>`insert into decisions (title) values ('kept') returning id`;
  const [goal] = await sql<{ id: string }[]>`
    insert into domain_goals (domain_id, title) select id, 'kept' from domains returning id`;
  return {
    workstreams: id,
    tasks: tasks[0] ?? "",
    decisions: decision?.id ?? "",
    "domain-goals": goal?.id ?? "",
    repos: "target",
  };
}
