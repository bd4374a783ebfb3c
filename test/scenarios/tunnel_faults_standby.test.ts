// A hub whose server is lost, and whose address leads to the hot standby: it answers, knows who it is, and can change nothing.
// For whoever asks through the tunnel that is a hub that is down, with the reason in its own words.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openDatabase } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { Secret } from "../../lib/secret.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { temporaryFolder } from "../support/git_repo.ts";
import { type ServedProcess, servedProcess } from "../support/served_process.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { checkOne, probeOf, shortOf, tunnelWords } from "../support/tunnel_scene.ts";
import { type ServerAndStandby, serverAndStandby } from "../support/tunnel_standby.ts";

const folder = temporaryFolder();
let sshd: Sshd;
let servers: ServerAndStandby;
let hub: ServedProcess;
beforeAll(async () => {
  [sshd, servers] = await Promise.all([startSshd(), serverAndStandby()]);
  const url = new Secret(servers.url);
  const database = await openDatabase({ url, applicationName: "state-hub-test", access: "read-write" });
  await migrate(database);
  await database.close();
  hub = await servedProcess({ env: { DATABASE_URL: servers.url, STATE_HUB_HOME: folder.path } });
}, 60_000);
afterAll(async () => {
  await hub.end();
  await servers.remove();
  await sshd.stop();
  folder.remove();
});

const check = () => checkOne(folder.path, tunnelWords(sshd, { port: Number(new URL(hub.at).port) }));

test("a hub that was left with a hot standby is down at health, and says so itself", async () => {
  expect(shortOf(await check())).toBe("healthy");
  await servers.failOver();
  const report = await waitUntil({ forWhat: "the hub to see it", deadlineMs: 20_000, intervalMs: 200 }, async () => {
    const found = await check();
    return found.cause?.includes("read-only") ? { found } : { seen: `${shortOf(found)} ${found.cause}` };
  });
  expect(shortOf(report)).toBe("down at health");
  expect(report.cause).toBe("status 503: Database read-only: The State Hub's database takes no changes (a standby?)");
  expect(probeOf(report, "health").remedy).toContain('psql "$DATABASE_URL" -c "select pg_is_in_recovery()"');
}, 60_000);
