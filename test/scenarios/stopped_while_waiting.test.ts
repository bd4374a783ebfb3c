// Scripts that wait in the database for somebody else's lock when they are told to stop, by Ctrl-C, by systemd or by a line
// that drops: each ends within seconds, with its signal's exit code, and leaves no session in the server.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { waitUntil } from "../../lib/wait_until.ts";
import { withTablesLocked } from "../support/dropped_line.ts";
import { makeRepo, temporaryFolder, workplanText } from "../support/git_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { startScript } from "../support/script_process.ts";

const ROOT = join(import.meta.dir, "../..");
const WATCHDOG_MS = 30_000;
/** The toolkit's own limit is a second for each statement; the rest is for a busy machine. */
const ENDED_MS = 4_000;
/** Sooner than the server notices by itself that a client has left. */
const LEFT_MS = 500;
const EXIT_CODE = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const folder = temporaryFolder();
let hub: TestHub;
beforeAll(async () => {
  hub = await freshHub();
  const id = "GARDEN-WP-0001";
  await makeRepo(folder.path, "garden", {
    [`workplans/${id}-plan.md`]: workplanText({ id, tasks: [{ id: `${id}-T01` }] }),
  });
  const first = await started(`consistency_check.ts --repo ${join(folder.path, "garden")}`).ended;
  if (first.code !== 0) throw new Error(`the first sweep failed: ${first.out}${first.err}`);
}, 60_000);
afterAll(async () => {
  await hub?.close();
  folder.remove();
});

function started(line: string) {
  const [script = "", ...rest] = line.replaceAll("GARDEN", join(folder.path, "garden")).split(" ");
  const env = { DATABASE_URL: hub.url, STATE_HUB_HOME: join(folder.path, "home"), NO_COLOR: "1" };
  return startScript([join(ROOT, "scripts", script), ...rest], { env, watchdogMs: WATCHDOG_MS });
}

const ofScripts = () =>
  hub.database.sql<{ name: string; waits: string }[]>`
    select application_name as name, coalesce(wait_event_type, '') as waits from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and application_name ~
      '^(cleanup_stale_tasks|compare_sweep_parallel|consistency_check|state_hub)$'`;

const COMMANDS = [
  { line: "cleanup_stale_tasks.ts", signal: "SIGHUP" },
  { line: "cleanup_stale_tasks.ts --apply", signal: "SIGTERM" },
  { line: "compare_sweep_parallel.ts --hours 1 --baseline local-timer --candidate k8s-cronjob", signal: "SIGINT" },
  { line: "consistency_check.ts --repo GARDEN --dry-run", signal: "SIGHUP" },
  { line: "consistency_check.ts --repo GARDEN", signal: "SIGTERM" },
  { line: "state_hub.ts repo list", signal: "SIGINT" },
] as const;

test.each(COMMANDS)(
  "$line, told by $signal, ends soon, says so, and leaves nothing open",
  async ({ line, signal }) => {
    await withTablesLocked(hub, async () => {
      const script = started(line);
      await waitUntil({ forWhat: `${line} to wait for a lock`, deadlineMs: WATCHDOG_MS }, async () => {
        const sessions = await ofScripts();
        return sessions.some(({ waits }) => waits === "Lock") ? { found: true } : { seen: JSON.stringify(sessions) };
      });
      const began = performance.now();
      script.kill(signal);
      const { code, err } = await script.ended;
      expect(code).toBe(EXIT_CODE[signal]);
      await waitUntil({ forWhat: "its last session to leave", deadlineMs: LEFT_MS }, async () => {
        const left = await ofScripts();
        return left.length === 0 ? { found: true } : { seen: JSON.stringify(left) };
      });
      expect(err).toContain(`Stopped by ${signal}`);
      expect(err).not.toContain("still running");
      expect(performance.now() - began).toBeLessThan(ENDED_MS);
    });
  },
  WATCHDOG_MS * 2,
);
