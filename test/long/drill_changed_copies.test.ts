// The rest of what can be wrong with a copy: one thing each, alone.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openSession } from "../../lib/drill/copy/one_session.ts";
import { disposable, folderForServers, removeFolderForServers } from "../support/disposable_server.ts";
import { CHANGES } from "../support/drill_changes.ts";
import { type CopiedDatabase, copiedDatabase } from "../support/drill_copied_database.ts";
import { drillHome } from "../support/drill_process.ts";

const WATCHDOG_MS = 60_000;

let copied: CopiedDatabase;
beforeAll(async () => {
  copied = await copiedDatabase();
}, WATCHDOG_MS);
afterAll(() => copied.end(), WATCHDOG_MS);

test.each(Object.entries(CHANGES).filter(([, { quick }]) => !quick))(
  "a copy is failed, and says what, when %s",
  async (_name, change) => {
    const { verdict, reasons } = await copied.verdictWith(change);
    expect(verdict).toBe("failed");
    expect(reasons.join("\n")).toMatch(typeof change.says === "string" ? copied.ofThisRun(change.says) : change.says);
  },
  WATCHDOG_MS,
);

test(
  "each change was taken back, and nothing else was touched",
  async () => {
    expect(await copied.verdict()).toMatchObject({ verdict: "passed", reasons: [] });
  },
  WATCHDOG_MS,
);

test(
  "restored for real on another server, which has none of its roles, it passes, and what the operator has to add is said",
  async () => {
    const [folder, home] = [folderForServers(), drillHome()];
    const server = await disposable(folder, { superuser: "state_hub" });
    try {
      const { query, close } = await openSession(server.maintenance);
      await query("create database given template template0");
      await close();
      const env = { DATABASE_URL: copied.source.url, TARGET_URL: server.urlOf("given").reveal() };
      const { code, document } = await home.json(["--into", "env:TARGET_URL"], env);
      expect(document).toMatchObject({ verdict: "passed", reasons: [], schema_equal: true, target: { kind: "given" } });
      expect(document.remarks.join("\n")).toContain(`ALTER ROLE "Odd ""one""_${copied.source.id}" LOGIN`);
      expect(code).toBe(0);
      expect(home.leftovers()).toEqual([]);
    } finally {
      home.remove();
      await server.stop();
      await removeFolderForServers(folder);
    }
  },
  WATCHDOG_MS,
);
