// A run that is planned first and done later, as an operator does it: read what would happen, apply exactly that. Whoever
// comes second, too late, with another file or to another hub is refused, and a killed one leaves nothing half done.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Ran, runCheck, startCheck } from "../support/check_process.ts";
import { hubContent, makeFleet, registerFleet } from "../support/fleet.ts";
import { type TestRepo, temporaryFolder } from "../support/git_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { planPath, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 120_000;
const folder = temporaryFolder();
const hubs: TestHub[] = [];
let fleet: readonly TestRepo[];
beforeAll(async () => {
  fleet = await makeFleet(folder.path, { repos: 8, workplans: 3, tasks: 3 });
}, WATCHDOG);
afterAll(async () => {
  for (const hub of hubs) await hub.close();
  folder.remove();
});

let files = 0;
const nextFile = () => join(folder.path, `plan-${++files}.json`);

interface PlanReport {
  readonly exit_code: number;
  readonly dry_run: boolean;
  readonly automation_error: { readonly message: string } | null;
  readonly plan: { readonly file: string; readonly digest: string } | null;
  readonly repos_processed: readonly unknown[];
}

const reportOf = (ran: Ran) => JSON.parse(ran.out) as PlanReport;

/** A hub that knows the fleet, and the script over it. */
async function registered() {
  const hub = await freshHub();
  hubs.push(hub);
  await registerFleet(hub.database, fleet);
  const run = (...args: string[]) => runCheck(args, { DATABASE_URL: hub.url });
  return { hub, run, env: { DATABASE_URL: hub.url } };
}

describe("a plan over checkouts, through the script,", () => {
  test(
    "says where it is and what to type next, and gives the very hub that a plain run gives",
    async () => {
      const [plain, planned, file] = [await registered(), await registered(), nextFile()];
      expect((await plain.run("--all")).code).toBe(0);
      const made = await planned.run("--all", "--plan", file);
      expect(made.code).toBe(0);
      expect(made.out).toContain("rolled back; nothing was written");
      const { digest } = JSON.parse(readFileSync(file, "utf8")) as { digest: string };
      expect(made.out).toContain(
        `Plan: ${file}, digest ${digest.slice(0, 12)}: 8 repositories, 96 rows, 0 files to publish`,
      );
      expect(made.out.trimEnd().split("\n").at(-1)).toBe(`Next: scripts/consistency_check.ts --apply ${file}`);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const applied = await planned.run("--apply", file, "--json");
      expect(reportOf(applied)).toMatchObject({ exit_code: 0, dry_run: false, plan: { file, digest } });
      expect(await hubContent(planned.hub.database)).toEqual(await hubContent(plain.hub.database));
      const second = await planned.run("--all", "--apply", file);
      expect(second.code).toBe(2);
      expect(second.out).toContain("C-00 automation_error");
      expect(second.out).toContain(`Next: scripts/consistency_check.ts --all --plan ${file}`);
    },
    WATCHDOG,
  );

  test(
    "is refused when it was edited, for another hub, on a name that is taken, and with flags that contradict it",
    async () => {
      const [here, there, file] = [await registered(), await registered(), nextFile()];
      expect(reportOf(await here.run("--all", "--plan", file, "--json")).plan?.file).toBe(file);
      const other = reportOf(await there.run("--apply", file, "--json"));
      expect(other).toMatchObject({ exit_code: 2, repos_processed: [] });
      expect(other.automation_error?.message).toMatch(/this is the hub .* in database .*, wanted the hub/);
      expect((await here.run("--apply", file, "--repo", "fleet-01")).code).toBe(64);
      expect((await here.run("--apply", file, "--dry-run")).code).toBe(64);
      expect((await here.run()).code).toBe(64);
      const edited = nextFile();
      writeFileSync(edited, readFileSync(file, "utf8").replaceAll('"title": "Plan', '"title": "Scheme'));
      const refused = await here.run("--apply", edited);
      expect(refused.code).toBe(2);
      expect(refused.err).toContain("it was changed after it was made");
      const notes = nextFile();
      writeFileSync(notes, "Mine.\n");
      expect((await here.run("--all", "--plan", notes)).code).toBe(64);
      expect(readFileSync(notes, "utf8")).toBe("Mine.\n");
      expect(await here.hub.database.sql`select 1 from workstreams`).toHaveLength(0);
    },
    WATCHDOG,
  );

  test(
    "is not written when the run could not do its job",
    async () => {
      const file = nextFile();
      const ran = await runCheck(["--all", "--plan", file, "--json"], { DATABASE_URL: "postgres://127.0.0.1:1/none" });
      expect(reportOf(ran)).toMatchObject({ exit_code: 2, plan: null });
      expect(existsSync(file)).toBe(false);
    },
    WATCHDOG,
  );

  test(
    "is done exactly once by two who apply it at the same time, over all repositories and over one",
    async () => {
      for (const scope of [["--all"], ["--repo", "fleet-03"]]) {
        const { hub, run, env } = await registered();
        const file = nextFile();
        expect((await run(...scope, "--plan", file)).code).toBe(0);
        const both = [startCheck(["--apply", file, "--json"], env), startCheck(["--apply", file, "--json"], env)];
        const codes = (await Promise.all(both.map(({ ended }) => ended))).map(({ code }) => code);
        expect({ scope, codes: codes.toSorted() }).toEqual({ scope, codes: [0, 2] });
        const twice = await hub.database
          .sql`select workplan_id from workstreams group by repo_id, workplan_id having count(*) > 1`;
        expect(twice).toHaveLength(0);
      }
    },
    WATCHDOG,
  );

  test(
    "leaves nothing that a new plan does not mend, wherever its run was killed",
    async () => {
      const undisturbed = await registered();
      const started = performance.now();
      expect((await undisturbed.run("--all", "--plan", nextFile())).code).toBe(0);
      const durationMs = 2 * (performance.now() - started);
      expect((await undisturbed.run("--all")).code).toBe(0);
      const wanted = await hubContent(undisturbed.hub.database);
      for (const share of [0.4, 0.6, 0.8]) {
        const { hub, run, env } = await registered();
        const file = nextFile();
        await run("--all", "--plan", file);
        const killed = startCheck(["--apply", file], env);
        // The moment is the thing under test: nothing is waited for.
        await Bun.sleep(durationMs * share);
        killed.kill("SIGKILL");
        await killed.ended;
        expect((await run("--all", "--plan", file)).code).toBe(0);
        expect((await run("--apply", file)).code).toBe(0);
        expect({ share, content: await hubContent(hub.database) }).toEqual({ share, content: wanted });
      }
    },
    WATCHDOG,
  );
});

describe("a plan over remotes, through the script,", () => {
  test(
    "pushes its bytes once, also when two apply it at the same time, and none when the remote moved",
    async () => {
      const swept = await sweptFleet();
      try {
        const repos = [await swept.add("alpha"), await swept.add("beta")];
        const env = { DATABASE_URL: swept.hub.url, STATE_HUB_HOME: swept.home, HOME: swept.userHome };
        const file = nextFile();
        expect((await runCheck(["--remote", "--all", "--plan", file], env)).code).toBe(0);
        const plan = JSON.parse(readFileSync(file, "utf8")) as {
          host: string;
          repos: { slug: string; edits: { blob_after: string }[] }[];
        };
        expect(plan.host).toBe(hostname());
        const both = [1, 2].map(() => startCheck(["--remote", "--all", "--apply", file, "--json"], env).ended);
        expect((await Promise.all(both)).map(({ code }) => code).toSorted()).toEqual([0, 2]);
        for (const { bare, slug } of repos) {
          const planned = plan.repos.find((each) => each.slug === slug)?.edits[0]?.blob_after;
          expect((await bare.git("rev-parse", `main:${planPath(slug)}`)).trim()).toBe(planned ?? "");
          expect((await bare.git("rev-list", "--count", "main")).trim()).toBe("2");
        }
        const late = nextFile();
        await swept.hub.database.sql`update tasks set status = 'in_progress'`;
        expect((await runCheck(["--remote", "--all", "--plan", late], env)).code).toBe(0);
        await repos[0]?.clone.git("pull", "--quiet", "--ff-only", "origin", "main");
        const tip = await repos[0]?.push({ "README.md": "Later.\n" });
        const refused = await runCheck(["--apply", late, "--json"], env);
        expect(reportOf(refused).automation_error?.message).toContain("the commit of alpha from ");
        expect((await repos[0]?.bare.git("rev-parse", "main"))?.trim()).toBe(tip ?? "");
        expect((await repos[1]?.bare.git("rev-list", "--count", "main"))?.trim()).toBe("2");
      } finally {
        await swept.close();
      }
    },
    WATCHDOG,
  );
});
