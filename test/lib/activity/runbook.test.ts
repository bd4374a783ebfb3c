// The definitions' runbook as its reader follows it, on a copy of the toolkit, with a hub of its own and a schedule that does
// change on the way. What the page shows must be what is printed. Units and clusters are other tests' business.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isCommand } from "../../../lib/runbook/read_runbook.ts";
import { openRepo, temporaryFolder } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { pageNamed, rehearse, runbookReader } from "../../support/runbook_reader.ts";

const ROOT = join(import.meta.dir, "../../..");
const WATCHDOG_MS = 60_000;
const COPIED = ["lib", "scripts", "k8s", "systemd", "runbooks", "package.json", "bunfig.toml", "tsconfig.json"];
const ELSEWHERE = /^(systemctl|kubectl|curl) /;
const { blocks } = pageNamed("activity_definitions");
const folder = temporaryFolder();
const toolkit = join(folder.path, "toolkit");
let hub: TestHub;

beforeAll(async () => {
  hub = await freshHub();
  mkdirSync(toolkit);
  for (const part of COPIED) cpSync(join(ROOT, part), join(toolkit, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(toolkit, "node_modules"));
  const { git } = openRepo(toolkit);
  await git("init", "--quiet");
  await git("add", "k8s", "systemd");
}, WATCHDOG_MS);
afterAll(async () => {
  await hub.close();
  folder.remove();
}, WATCHDOG_MS);

/** What the page says to type into a definition. */
function editDefinition(): void {
  const file = join(toolkit, "k8s/activity-definitions/state-hub-consistency-sweep.md");
  const edited = blocks.find(({ name }) => name === "edit")?.text ?? "";
  const text = readFileSync(file, "utf8")
    .replace(/^trigger:\n.*\n/m, "")
    .replace(/^max_seconds: .*\n/m, edited);
  writeFileSync(file, text);
}

rehearse({
  page: "activity_definitions",
  reader: () => runbookReader({ toolkit, env: { DATABASE_URL: hub.url, HOME: folder.path, NO_COLOR: "1" } }),
  before: { "render-dry-run": editDefinition },
  order: blocks.filter((block) => isCommand(block) && !ELSEWHERE.test(block.text)).map(({ name }) => name),
});

test("the page has brought the changed schedule to unit, CronJob and table", async () => {
  const textOf = (path: string) => readFileSync(join(toolkit, path), "utf8");
  expect(textOf("systemd/active/state-hub-consistency-sweep.timer")).toContain("OnCalendar=*-*-* *:00,30:00 UTC");
  expect(textOf("k8s/apps/cronjob-state-hub-consistency-sweep.yaml")).toContain("activeDeadlineSeconds: 720");
  const rows = await hub.database.sql`
    select definition #>> '{trigger,cron}' as cron, definition ->> 'max_seconds' as budget
    from activity.activity_definitions where name = 'State Hub Consistency Sweep'`;
  expect([...rows]).toEqual([{ cron: "*/30 * * * *", budget: "600" }]);
});
