// Each command of state_hub.ts as an operator types it, on a hub with one repository: what it says next must parse, exist
// and name what the command was about.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { environmentForPrograms, readConfig } from "../../lib/config.ts";
import { makeRepo, type TestRepo, temporaryFolder, workplanText } from "../support/git_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";

const ROOT = join(import.meta.dir, "../..");
const WATCHDOG_MS = 50_000;
const folder = temporaryFolder();
let hub: TestHub;
let repo: TestRepo;
beforeAll(async () => {
  hub = await freshHub();
  repo = await makeRepo(folder.path, "it's a.repo", {
    "workplans/SH-WP-0001.md": workplanText({ id: "SH-WP-0001", tasks: [{ id: "SH-WP-0001-T01" }] }),
  });
}, WATCHDOG_MS);
afterAll(async () => {
  await hub.close();
  folder.remove();
});

function stateHub(...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [join(ROOT, "scripts/bun"), join(ROOT, "scripts/state_hub.ts"), ...args],
    { env: { ...environmentForPrograms(), DATABASE_URL: hub.url }, timeout: WATCHDOG_MS },
  );
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

function nextOf(...args: string[]): string | undefined {
  const { code, out, err } = stateHub(...args);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return /^Next: (.*)\n$/m.exec(out)?.[1];
}

test(
  "state_hub.ts does each of its commands, and says what to type next",
  async () => {
    const quoted = `'${folder.path}/it'\\''s a.repo'`;
    expect(nextOf("status")).toBe("scripts/consistency_check.ts --all --dry-run");
    expect(nextOf("migrate", "--status")).toBe("scripts/state_hub.ts status");
    expect(nextOf("migrate", "--dry-run")).toBe("scripts/state_hub.ts status");
    expect(nextOf("repo", "list")).toBe("scripts/state_hub.ts repo add PATH");
    const added = nextOf("repo", "add", repo.path, "--domain", "testing");
    expect(added).toBe(`scripts/consistency_check.ts --repo ${quoted} --dry-run`);
    expect(nextOf("repo", "list")).toBe("scripts/consistency_check.ts --all --dry-run");
    expect((await hub.check({ all: true }, { host: readConfig().host })).report.exit_code).toBe(0);
    // Its slug has a dot: as --repo it would be taken for a path.
    expect(nextOf("explain", "SH-WP-0001-T01")).toBe("scripts/consistency_check.ts --all --dry-run");
    expect(nextOf("held", "list")).toBe("scripts/state_hub.ts status");
    const waiver = ["waiver", "add", "C-22", "--owner", "me", "--reason", "a test"];
    expect(nextOf(...waiver, "--dry-run")).toBe("scripts/state_hub.ts waiver list");
    const { waiver: kept } = JSON.parse(stateHub(...waiver, "--json").out) as { waiver: { id: string } };
    expect(nextOf("waiver", "list")).toBe("scripts/state_hub.ts status");
    expect(nextOf("waiver", "remove", kept.id)).toBe("scripts/state_hub.ts waiver list");
    expect(nextOf("repo", "remove", "it-s-a.repo")).toBe("scripts/state_hub.ts repo list");
  },
  WATCHDOG_MS,
);

test(
  "state_hub.ts shows and applies a held plan, and refuses one that is not there",
  async () => {
    const plan = JSON.stringify({ workstreams: [], tasks: [] });
    const [held] = await hub.database.sql<{ id: string }[]>`
      insert into held_plans (repo_id, digest, plan) select id, 'a-digest', ${plan}::text::jsonb from repos limit 1 returning id`;
    const id = held?.id ?? "";
    // Whether plans of a removed repository are listed is not this test's to say.
    await hub.database.sql`update repos set removed_at = null`;
    expect(nextOf("held", "list")).toBe(`scripts/state_hub.ts held show ${id}`);
    const apply = `held apply ${id} --digest a-digest --dry-run`;
    expect(nextOf("held", "show", id)).toBe(`scripts/state_hub.ts ${apply}`);
    expect(nextOf(...apply.split(" "))).toBe(`scripts/state_hub.ts held apply ${id} --digest a-digest`);
    expect(stateHub("held", "show", "nothing").code).toBe(64);
  },
  WATCHDOG_MS,
);
