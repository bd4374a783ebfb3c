// The definitions' runbook as its reader follows it, on a copy of the toolkit, with a hub of its own and a schedule that does
// change on the way. What the page shows must be what is printed. Units and clusters are other tests' business.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { run } from "../../../lib/process/run.ts";
import { unexpected } from "../../../lib/runbook/expected_output.ts";
import { isCommand, readRunbook } from "../../../lib/runbook/read_runbook.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";
import { recordExecuted } from "../../support/record_executed.ts";

const ROOT = join(import.meta.dir, "../../..");
const WATCHDOG_MS = 60_000;
const ELSEWHERE = /^(systemctl|kubectl|curl) /;
const page = readRunbook(join(ROOT, "runbooks/activity_definitions.md"));
const { blocks } = page;
const commands = blocks.filter((block) => isCommand(block) && !ELSEWHERE.test(block.text));
const folder = temporaryFolder();
const toolkit = join(folder.path, "toolkit");
let hub: TestHub;
let env: Record<string, string>;

beforeAll(async () => {
  hub = await freshHub();
  mkdirSync(toolkit);
  for (const part of ["lib", "scripts", "k8s", "systemd", "package.json", "bunfig.toml", "tsconfig.json"]) {
    cpSync(join(ROOT, part), join(toolkit, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(toolkit, "node_modules"));
  env = { ...environmentForPrograms(), DATABASE_URL: hub.url, HOME: folder.path, NO_COLOR: "1" };
  await bash("git init -q && git add k8s systemd");
}, WATCHDOG_MS);
afterAll(async () => {
  await hub.close();
  folder.remove();
}, WATCHDOG_MS);

function bash(text: string) {
  return run(["bash", "-euo", "pipefail", "-c", text], { cwd: toolkit, env, deadlineMs: WATCHDOG_MS });
}

/** What the page says to type into a definition. */
function editDefinition(): void {
  const file = join(toolkit, "k8s/activity-definitions/state-hub-consistency-sweep.md");
  const edited = blocks.find(({ name }) => name === "edit")?.text ?? "";
  const text = readFileSync(file, "utf8")
    .replace(/^trigger:\n.*\n/m, "")
    .replace(/^max_seconds: .*\n/m, edited);
  writeFileSync(file, text);
}

for (const block of commands) {
  test(
    `${block.name}, as the runbook has it, does what the runbook says`,
    async () => {
      if (block.name === "render-dry-run") editDefinition();
      const { exitCode, stdout, stderr } = await bash(block.text);
      expect({ exitCode, said: exitCode === 0 ? "" : `${stdout}${stderr}` }).toEqual({ exitCode: 0, said: "" });
      const shown = blocks.find(({ name }) => name === `${block.name}-output`);
      const missing = shown ? unexpected(shown.text, stdout) : null;
      expect(missing === null ? null : { missing, printed: stdout }).toBeNull();
      recordExecuted(page, block);
    },
    WATCHDOG_MS,
  );
}

test("the page has brought the changed schedule to unit, CronJob and table", async () => {
  const textOf = (path: string) => readFileSync(join(toolkit, path), "utf8");
  expect(textOf("systemd/active/state-hub-consistency-sweep.timer")).toContain("OnCalendar=*-*-* *:00,30:00 UTC");
  expect(textOf("k8s/apps/cronjob-state-hub-consistency-sweep.yaml")).toContain("activeDeadlineSeconds: 720");
  const rows = await hub.database.sql`
    select definition #>> '{trigger,cron}' as cron, definition ->> 'max_seconds' as budget
    from activity.activity_definitions where name = 'State Hub Consistency Sweep'`;
  expect([...rows]).toEqual([{ cron: "*/30 * * * *", budget: "600" }]);
});
