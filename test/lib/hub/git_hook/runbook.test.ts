// The hook's runbook as its reader follows it: every command from the first page to the last, on a checkout and a serving
// hub. What it prints must be what the page shows.
import { afterAll, beforeAll } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms, readConfig } from "../../../../lib/config.ts";
import { addRepo } from "../../../../lib/consistency/repo_registry.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { freePort } from "../../../support/free_port.ts";
import { makeRepo, temporaryFolder } from "../../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../../support/hub.ts";
import { rehearse, runbookReader } from "../../../support/runbook_reader.ts";

const ROOT = join(import.meta.dir, "../../../..");
const WATCHDOG_MS = 60_000;
const folder = temporaryFolder();
let hub: TestHub;
let server: ReturnType<typeof serve>;
let env: Record<string, string>;

function serve(port: number) {
  const argv = [join(ROOT, "scripts/bun"), join(ROOT, "scripts/state_hub.ts"), "serve", "--port", String(port)];
  return Bun.spawn(argv, { env, stdio: ["ignore", "ignore", "ignore"] });
}

beforeAll(async () => {
  hub = await freshHub();
  const [home, checkout] = [join(folder.path, "home"), await makeRepo(folder.path, "garden", { "a.md": "a\n" })];
  mkdirSync(home);
  const asked = { path: checkout.path, host: readConfig().host, slug: null, domain: null, remoteUrl: null };
  await hub.database.transaction((tx) => addRepo(tx, asked));
  const port = await freePort("127.0.0.1");
  env = {
    ...environmentForPrograms(),
    DATABASE_URL: hub.url,
    STATE_HUB_HOME: home,
    HOME: home,
    NO_COLOR: "1",
    CHECKOUT: checkout.path,
    STATE_HUB_URL: `http://127.0.0.1:${port}`,
  };
  server = serve(port);
  await waitUntil({ forWhat: "the hub to answer", deadlineMs: 30_000 }, async () => {
    const answer = await fetch(`${env.STATE_HUB_URL}/state/health`).catch(String);
    return typeof answer !== "string" && answer.ok ? { found: true } : { seen: String(answer) };
  });
}, WATCHDOG_MS);
afterAll(async () => {
  server.kill();
  await server.exited;
  await hub.close();
  folder.remove();
}, WATCHDOG_MS);

/** What the hook asked for happens after it has ended. */
const heard = () =>
  waitUntil({ forWhat: "a run of the hook", deadlineMs: 30_000 }, async () => {
    const [row] = await hub.database.sql`select count(*)::int as n from progress_events where source = 'git-hook'`;
    return row?.n > 0 ? { found: true } : { seen: "none" };
  });

rehearse({ page: "git_hook", reader: () => runbookReader({ env }), before: { "prove-hub-heard": heard } });
