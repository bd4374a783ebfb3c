// A change over HTTP on its way into the file: what the API answers, the next sweep writes, and the one after finds nothing.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder, workplanText } from "../../../support/git_repo.ts";
import { makeRemote, type TestRemote } from "../../../support/remotes.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import type { Page } from "./planted_rows.ts";

const PLAN = "BACK-WP-0001";
const PATH = `workplans/${PLAN}.md`;
let hub: ServedHub;
let remote: TestRemote;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await servedHub();
  mkdirSync(join(folder.path, "home"));
  remote = await makeRemote(folder.path, {
    [PATH]: workplanText({ id: PLAN, tasks: [{ id: `${PLAN}-T01` }, { id: `${PLAN}-T02` }] }),
  });
  expect((await hub.send("POST", "/repos", { slug: "back", remote_url: remote.path })).status).toBe(201);
  await sweep();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

interface Row {
  readonly id: string;
  readonly version: number;
}

async function sweep() {
  const remotes = { home: join(folder.path, "home"), writeBack: true, atOnce: 2, perHost: 2, hubKey: "test" };
  const { report } = await hub.check({ slug: "back" }, { remotes, full: true });
  expect(report.automation_error).toBeNull();
  return report;
}
const rowOf = async (kind: "tasks" | "workstreams") =>
  ((await (await hub.ask(`/${kind}?repo=back&limit=1`)).json()) as Page<Row>).items[0] ?? { id: "", version: 0 };
async function patch(kind: "tasks" | "workstreams", id: string, body: unknown): Promise<void> {
  const etag = (await hub.ask(`/${kind}/${id}`)).headers.get("etag") ?? "";
  expect((await hub.send("PATCH", `/${kind}/${id}`, body, { "if-match": etag })).status).toBe(200);
}
const fileNow = () => remote.bare.git("show", `main:${PATH}`);
const tip = () => remote.bare.git("rev-parse", "main");

test("done is written into the file with its day, taken back without it, and neither comes again", async () => {
  const { id } = await rowOf("tasks");
  await patch("tasks", id, { status: "done", completed: "2026-02-03" });
  await sweep();
  expect(await fileNow()).toMatch(/status: done\n[^`]*completed: "2026-02-03"/);
  await patch("tasks", id, { status: "in_progress" });
  await sweep();
  const file = await fileNow();
  expect(file).toMatch(/status: in_progress/);
  expect(file).not.toContain("2026-02-03");
  const before = await tip();
  const { repos_processed, assessment_failures } = await sweep();
  expect(await tip()).toBe(before);
  expect(assessment_failures).toEqual([]);
  expect(repos_processed.filter(({ actions }) => actions.written_back + actions.updated > 0)).toEqual([]);
});

test("a finished workstream is told of at the PATCH, and not again by the sweep that writes it back", async () => {
  const { id } = await rowOf("workstreams");
  await patch("workstreams", id, { status: "finished" });
  const told = () => hub.database.sql`select from outbox where subject = 'org.statehub.workstream.completed'`;
  expect((await told()).length).toBe(1);
  await sweep();
  expect(await fileNow()).toMatch(/^status: finished$/m);
  expect((await told()).length).toBe(1);
});
