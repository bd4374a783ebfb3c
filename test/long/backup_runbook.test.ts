// The runbook of backups on a hub with 100,000 tasks, with somebody who writes to it all the time until its server is lost: what was
// acknowledged before a backup began has to be in the hub that is restored from it, and nothing that the backup does not have.
import { afterAll, beforeAll, expect } from "bun:test";
import { Secret } from "../../lib/secret.ts";
import { type BackupRunbookWorld, makeBackupRunbookWorld } from "../support/backup_runbook.ts";
import { rehearseBackups } from "../support/backup_runbook_page.ts";
import { asked } from "../support/disposable_server.ts";
import { startWritingClient, type WritingClient } from "../support/writing_client.ts";

const HUB = { tasks: 100_000, progressEvents: 100_000 };
interface Counts {
  readonly tasks: number;
  readonly waiting: number;
}
const WATCHDOG_MS = 10 * 60_000;

let world: BackupRunbookWorld;
let client: WritingClient;
/** What the client leaves alone. */
let counted: Counts | undefined;
beforeAll(async () => {
  world = await makeBackupRunbookWorld(HUB, WATCHDOG_MS);
  counted = await countsOf(new Secret(world.url));
  client = await startWritingClient(world.url);
}, WATCHDOG_MS);
afterAll(async () => {
  await client?.stop();
  await world?.remove();
}, WATCHDOG_MS);

/** Acknowledged before the last backup that the restore can find began: it must have them. */
let before: readonly string[] = [];
/** How many were acknowledged when that backup was there. */
let after = 0;

rehearseBackups({
  world: () => world,
  deadlineMs: WATCHDOG_MS,
  again: true,
  meanwhile: {
    "backup-and-drill": () => {
      if (!client.ended()) before = [...client.acknowledged];
    },
    "prune-plan": () => {
      if (!client.ended()) after = client.acknowledged.length;
    },
    "let-role-in": provesNothingLost,
  },
});

/** The drill compares all of it; here it is counted in another way. */
function countsOf(url: Secret): Promise<Counts | undefined> {
  const statement = "select count(*)::int as tasks, count(*) filter (where needs_human)::int as waiting from tasks";
  return asked(url, async (query) => (await query<{ tasks: number; waiting: number }>(statement))[0]);
}

async function provesNothingLost(): Promise<void> {
  expect(before.length).toBeGreaterThan(100);
  expect(counted?.tasks).toBeGreaterThan(0.99 * HUB.tasks);
  expect(client.acknowledged.length).toBeGreaterThan(after);
  await asked(world.restored, async (query) => {
    const rows = await query<{ id: string }>("select id from progress_events where summary = 'by a client at work'");
    const found = new Set(rows.map(({ id }) => id));
    expect(before.filter((id) => !found.has(id))).toEqual([]);
    // One that was committed and not yet acknowledged when the snapshot was taken, and what came while the backup was made.
    expect(found.size).toBeLessThanOrEqual(after + 1);
  });
  expect(await countsOf(world.restored)).toEqual(counted);
}
