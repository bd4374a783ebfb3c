// Clients that nobody here wrote: one that a generator makes from the description, and curl with the commands that the
// sweep's runbook has always had.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { plant } from "../lib/hub/routes/planted_rows.ts";
import { compilerSays, generateClient, runProgram } from "../support/generated_client.ts";
import { temporaryFolder } from "../support/git_repo.ts";
import { type ServedHub, servedHub } from "../support/served_hub.ts";

let hub: ServedHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

// A text and no file of ours: it can be compiled only beside the client that is generated.
const PROGRAM = `
import { Api, type HttpResponse, type Problem, type Task } from "./client.ts";

const api = new Api({ baseUrl: process.argv[2] ?? "" });

async function refused(asked: Promise<unknown>): Promise<{ status: number; title: string; line?: number }> {
  try {
    await asked;
  } catch (answer) {
    const { status, title, line } = (answer as HttpResponse<never, Problem>).error;
    return line === undefined ? { status, title } : { status, title, line };
  }
  throw new Error("it was not refused");
}

const made = [];
for (const title of ["first", "second", "third"]) {
  const { data, status } = await api.decisions.decisionsCreate({ title }, { headers: { "Idempotency-Key": \`client-\${title}\` } });
  made.push([status, data.title, data.version]);
}
const again = await api.decisions.decisionsCreate({ title: "first" }, { headers: { "Idempotency-Key": "client-first" } });
const listed: string[] = [];
for (let cursor: string | null | undefined; cursor !== null; ) {
  const { data } = await api.decisions.decisionsList({ limit: 2, status: "open", ...(cursor ? { cursor } : {}) });
  listed.push(...data.items.map(({ title }) => title));
  cursor = data.next_cursor;
}
const task: Task | undefined = (await api.tasks.tasksList({ repo: "generated", ready: true, orphaned: false })).data.items[0];
if (task === undefined) throw new Error("no task");
const read = await api.tasks.tasksDetail(task.id);
const tag = read.headers.get("etag") ?? "";
const withTag = { headers: { "If-Match": tag } };
const done = await api.tasks.tasksPartialUpdate(task.id, { status: "done" }, withTag);
const out = {
  made,
  replayed: again.headers.get("idempotency-replayed"),
  listed,
  done: [done.data.status, done.data.completed !== null, done.headers.get("etag")],
  stale: await refused(api.tasks.tasksPartialUpdate(task.id, { status: "todo" }, withTag)),
  unconditional: await refused(api.tasks.tasksPartialUpdate(task.id, { status: "todo" })),
  owned: await refused(api.tasks.tasksPartialUpdate(task.id, { title: "x" }, { headers: { "If-Match": done.headers.get("etag") ?? "" } })),
  unknown: await refused(api.workstreams.workstreamsDetail("0190a8e2-7b1c-7000-8000-00000000000a")),
  invalid: await refused(api.progress.progressCreate({ event_type: "NOT SO" })),
  tasks: (await api.state.summaryList({ as_of: "2026-01-01T00:00:00Z" })).data.tasks.done,
  goal: (await api.domainGoals.activateCreate((await api.domainGoals.domainGoalsCreate({ domain: "d", title: "t" })).data.id, {})).data.status,
};
process.stdout.write(JSON.stringify(out));
`;

test("a generated client compiles, and does what the description says", async () => {
  await plant(hub.database.sql, "generated", { plan: "G-WP-0001", tasks: [{}] });
  const client = await generateClient(folder.path, await (await hub.ask("/openapi.json")).json());
  const program = join(folder.path, "program.ts");
  writeFileSync(program, PROGRAM);
  // Node's types would be another package: what the program uses of them is said here.
  const globals = join(folder.path, "globals.d.ts");
  writeFileSync(globals, "declare const process: { argv: string[]; stdout: { write(text: string): void } };");
  const flags = ["--allowImportingTsExtensions", globals];
  expect(await compilerSays(...flags, client, program)).toBe("");
  expect(await runProgram(program, hub.at)).toEqual({
    made: [
      [201, "first", 1],
      [201, "second", 1],
      [201, "third", 1],
    ],
    replayed: "true",
    listed: ["third", "second", "first"],
    done: ["done", true, '"2"'],
    stale: { status: 412, title: "Stale version" },
    unconditional: { status: 428, title: "Precondition required" },
    owned: { status: 409, title: "Owned by the file", line: 17 },
    unknown: { status: 404, title: "Not found" },
    invalid: { status: 422, title: "Invalid value" },
    tasks: 1,
    goal: "active",
  });
}, 60_000);

test("the compiler sees a field that the description does not have", async () => {
  const client = join(folder.path, "client.ts");
  const wrong = join(folder.path, "wrong.ts");
  writeFileSync(
    wrong,
    'import { Api } from "./client.ts";\nnew Api().tasks.tasksPartialUpdate("x", { state: "done" });\n',
  );
  expect(await compilerSays("--allowImportingTsExtensions", client, wrong)).toContain(
    "'state' does not exist in type 'TaskChange'",
  );
}, 60_000);

test("the runbook's command finds the latest sweeps, with their report whole", async () => {
  const report = { lock_skipped: false, repos_processed: [], skipped_clean: ["a"], exit_code: 0 };
  const insert = hub.database.sql;
  for (let minute = 0; minute < 7; minute++)
    await insert`
      insert into progress_events (event_type, source, detail, created_at)
      values ('consistency_sweep_remote_all', 'activity-core', ${JSON.stringify({ ...report, minute })}::text::jsonb, now() + ${`${minute} min`}::text::interval)`;
  // As it stands in the runbook, less its pipe into a program that only indents.
  const command = `curl -s "${hub.at}/progress/?event_type=consistency_sweep_remote_all&limit=5"`;
  const { exitCode, stdout } = await run(["sh", "-c", command], { env: environmentForPrograms(), deadlineMs: 20_000 });
  expect(exitCode).toBe(0);
  const { items, next_cursor } = JSON.parse(stdout) as { items: { detail: unknown }[]; next_cursor: string };
  expect(items.map(({ detail }) => detail)).toEqual([6, 5, 4, 3, 2].map((minute) => ({ ...report, minute })));
  expect(next_cursor).toBeString();
});
