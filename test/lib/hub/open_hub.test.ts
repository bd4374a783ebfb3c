// The embedded hub from nothing, and one from the future: refused, with nothing left open that keeps the process alive.
import { afterAll, describe, expect, test } from "bun:test";
import { readConfig } from "../../../lib/config.ts";
import { newestVersion } from "../../../lib/db/migrate.ts";
import { openHub } from "../../../lib/hub/open_hub.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { removeHome, temporaryHome } from "../../support/embedded_home.ts";

const home = temporaryHome();
afterAll(() => removeHome(home));

const config = readConfig({ DATABASE_URL: "embedded", STATE_HUB_HOME: home });
const notes: string[] = [];
const io = {
  signal: new AbortController().signal,
  progress: () => {},
  note: (message: string) => void notes.push(message),
};

describe("openHub()", () => {
  test("starts and migrates an embedded hub, and closes its handle when the schema is from the future", async () => {
    const hub = await openHub(config, { applicationName: "first", io });
    try {
      expect(notes).toEqual([
        expect.stringContaining("Started the embedded State Hub"),
        `Brought the embedded State Hub's schema to version ${newestVersion()}`,
      ]);
      await hub.sql`insert into schema_migrations (version, name, sha256) values (9999, 'future', 'none')`;
      const opening = openHub(config, { applicationName: "refused", io });
      expect(await opening.catch((error: unknown) => error)).toMatchObject({
        kind: "automation",
        observed: expect.stringContaining("9999"),
      });
      await waitUntil({ forWhat: "the refused handle to be closed", deadlineMs: 10_000 }, async () => {
        const rows = await hub.sql`select 1 from pg_stat_activity where application_name = 'refused'`;
        return rows.length === 0 ? { found: true } : { seen: `${rows.length} open` };
      });
    } finally {
      await hub.close();
    }
  }, 60_000);
});
