// The script as an operator types it: its flags, what each command needs, and plans that it takes or refuses, against a real user
// manager, a cluster that kubectl talks to, and a real hub. Moves themselves are in test/scenarios.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SWEEP_DEFINITION_ID } from "../../lib/activity/activity_run.ts";
import { parseArguments } from "../../lib/cli/parse_arguments.ts";
import { addEntry } from "../../lib/plan/journal.ts";
import { sealed } from "../../lib/plan/plan.ts";
import { writePlan } from "../../lib/plan/plan_file.ts";
import { run } from "../../lib/process/run.ts";
import { script } from "../../scripts/cutover.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { type KubernetesApi, startKubernetesApi } from "../support/kubernetes_api.ts";
import { accountEnvironment, startUserManager, type UserManager } from "../support/user_manager.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

const ROOT = join(import.meta.dir, "../..");
const WATCHDOG_MS = 60_000;
const NAME = "state-hub-consistency-sweep";

test("cutover.ts takes the commands that the contract names, and refuses what is none", () => {
  for (const words of [
    "schedule status",
    "schedule canary --parallel --end",
    "schedule switch --hours 24",
    "schedule rollback --cluster-is-gone",
  ])
    expect(parseArguments(script, words.split(" ")).wants).toBe("run");
  for (const words of [
    "schedule",
    "schedule switch --hours 0",
    "schedule switch --baseline nobody",
    "schedule status --apply p.json",
  ])
    expect(() => parseArguments(script, words.split(" "))).toThrow();
});

describeWithKubectl("cutover.ts schedule", () => {
  let hub: TestHub;
  let api: KubernetesApi;
  let manager: UserManager;
  let home: string;
  beforeAll(async () => {
    [hub, api, manager] = await Promise.all([freshHub(), startKubernetesApi(), startUserManager()]);
    home = join(manager.home, "state-hub");
    mkdirSync(home);
    const text = readFileSync(join(ROOT, `k8s/apps/cronjob-${NAME}.yaml`), "utf8");
    api.apply(Bun.YAML.parse(text));
  }, WATCHDOG_MS);
  afterAll(async () => {
    await Promise.all([api.stop(), manager.stop()]);
    await hub.close();
  }, WATCHDOG_MS);

  const type = async (words: string, env: Record<string, string> = {}) => {
    const account = { ...accountEnvironment(manager.home), KUBECONFIG: api.kubeconfig, STATE_HUB_HOME: home };
    const { exitCode, stdout, stderr } = await run([join(ROOT, "scripts/cutover.ts"), ...words.split(" ")], {
      env: { ...account, DATABASE_URL: hub.url, ...env },
      deadlineMs: WATCHDOG_MS,
    });
    return { exitCode, stdout, stderr };
  };
  const json = async (words: string, env: Record<string, string> = {}) => {
    const { exitCode, stdout } = await type(`${words} --json`, env);
    return { exitCode, document: JSON.parse(stdout) };
  };
  const plans = () =>
    existsSync(join(home, "cutover"))
      ? readdirSync(join(home, "cutover")).filter((file) => file.endsWith(".json"))
      : [];

  test(
    "status needs no hub, says that nobody owns the schedule, and what installs the timer",
    async () => {
      const { exitCode, document } = await json("schedule status", { DATABASE_URL: "" });
      expect([exitCode, document.verdict, document.schedule]).toEqual([1, "none", "*/15 * * * *"]);
      expect(document.next_slots).toHaveLength(3);
      const { stdout } = await type("schedule status");
      expect(stdout).toContain("Nobody owns the schedule: no sweep will start.");
      expect(stdout.trimEnd().split("\n").at(-1)).toStartWith("Next: systemctl --user link ");
    },
    WATCHDOG_MS,
  );

  test(
    "status is 2 where the cluster can't be asked",
    async () => {
      api.fail({ answer: 403 });
      const { exitCode, document } = await json("schedule status");
      api.fail(null);
      expect([exitCode, document.verdict]).toEqual([2, "unknown"]);
    },
    WATCHDOG_MS,
  );

  test(
    "switch shows every gate, refuses with 1, and saves no plan",
    async () => {
      const { exitCode, document } = await json("schedule switch");
      expect([exitCode, document.plan, plans()]).toEqual([1, null, []]);
      const verdicts = Object.fromEntries(
        document.gates.map(({ id, verdict }: Record<string, string>) => [id, verdict]),
      );
      expect(verdicts).toEqual({
        hub_answers: "pass",
        nobody_else_moving: "pass",
        one_owner: "refuse",
        no_foreign_schedule: "pass",
        definitions_agree: "refuse",
        unit_as_shipped: "pass",
        cronjob_as_rendered: "pass",
        canary_passed: "refuse",
        comparison_ready: "unknown",
      });
      const { stdout } = await type("schedule switch");
      expect(stdout).toContain("Refused. No plan was saved, and nothing was changed");
    },
    WATCHDOG_MS,
  );

  test(
    "canary saves a plan, says what applies it, and applies what was read: a Job that ran, proven by the hub",
    async () => {
      const planned = await type("schedule canary");
      expect(planned.exitCode).toBe(0);
      const file = join(home, "cutover", plans()[0] as string);
      expect(planned.stdout.trimEnd().split("\n").at(-1)).toBe(
        `Next: scripts/cutover.ts schedule canary --apply ${file}`,
      );
      const runId = JSON.parse(readFileSync(file, "utf8")).terms.run_id as string;
      const played = api.play({
        runJob: async (job) => {
          const args = job.spec.template.spec.containers[0].args as string[];
          expect(args.slice(-4)).toEqual(["--source", "manual", "--run-id", runId]);
          await hub.database.sql`
          insert into progress_events (id, event_type, source, detail) values (${runId}, 'consistency_sweep_remote_all', 'manual',
            '{"exit_code": 0, "lock_skipped": false, "automation_error": null}')`;
          return 0;
        },
      });
      const { exitCode, document } = await json(`schedule canary --apply ${file}`);
      await played.stop();
      expect([exitCode, document.came, document.evidence.prove_canary.outcome]).toEqual([0, "done", "passed"]);
      expect((await json(`schedule canary --apply ${file}`)).document).toMatchObject({
        came: "over",
        outcome: "passed",
      });
      expect((await json("schedule status")).document.half_done).toBeNull();
    },
    WATCHDOG_MS,
  );

  test(
    "canary is 1 when its run failed, and 2 when nothing was learnt",
    async () => {
      const outcomes = [
        {
          detail: '{"exit_code": 2, "lock_skipped": false, "automation_error": {"message": "no disk"}}',
          code: 1,
          came: "failed",
        },
        { detail: '{"exit_code": 0, "lock_skipped": true, "automation_error": null}', code: 2, came: "again" },
      ];
      for (const { detail, code, came } of outcomes) {
        const file = join(manager.home, `${came}.json`);
        await type(`schedule canary --plan ${file}`);
        const runId = JSON.parse(readFileSync(file, "utf8")).terms.run_id as string;
        await hub.database.sql`
        insert into progress_events (id, event_type, source, detail)
        values (${runId}, 'consistency_sweep_remote_all', 'manual', ${detail}::text::jsonb)`;
        const played = api.play({ runJob: async () => (code === 1 ? 2 : 0) });
        const { exitCode, document } = await json(`schedule canary --apply ${file}`);
        await played.stop();
        expect([exitCode, document.evidence.prove_canary.outcome]).toEqual([code, came]);
      }
    },
    WATCHDOG_MS,
  );

  test(
    "canary for a named context says that context in each command to type; --apply refused by a gate names the gate's remedy",
    async () => {
      const file = join(manager.home, "elsewhere.json");
      const planned = await type(`schedule canary --context test --plan ${file}`);
      const apply = `schedule canary --context test --apply ${file}`;
      expect(planned.stdout.trimEnd()).toEndWith(`Next: scripts/cutover.ts ${apply}`);
      const kept = api.cronJob(NAME);
      api.store.remove("cronjobs", "state-hub", NAME);
      const refused = await type(apply);
      const status = await type("schedule status --context test");
      api.apply(kept);
      expect(refused.exitCode).toBe(1);
      expect(refused.stdout.trimEnd()).toEndWith("Next: kubectl --context=test apply -k k8s/apps");
      expect(status.stdout).toContain("degraded cronjob_missing: ");
    },
    WATCHDOG_MS,
  );

  test(
    "status in the middle of a rollback puts nothing back: it names the command that goes on",
    async () => {
      const half = join(manager.home, "half");
      const journal = { path: join(half, "cutover/schedule-journal.jsonl"), host: "h", operator: "o" };
      const [before, plan] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()];
      addEntry(journal, { plan: before, entry: "closed", detail: { act: "switch", owner: "cronjob" } });
      addEntry(journal, { plan, entry: "opened", detail: { act: "rollback", file: "/p.json", context: "test" } });
      const { exitCode, stdout } = await type("schedule status", { STATE_HUB_HOME: half });
      const resume = "scripts/cutover.ts schedule rollback --context test --apply /p.json";
      expect(exitCode).toBe(1);
      expect(stdout).toContain(`error none_enabled: Nothing starts the sweep\n  ${resume}\n`);
      expect(stdout).not.toMatch(/cronjob_suspended|journal_disagrees/);
      expect(stdout.trimEnd()).toEndWith(`Next: ${resume}`);
    },
    WATCHDOG_MS,
  );

  test(
    "ends with 130 at SIGINT while it waits, and the same command goes on where it stopped",
    async () => {
      const file = join(manager.home, "cut.json");
      await type(`schedule canary --plan ${file}`);
      const runId = JSON.parse(readFileSync(file, "utf8")).terms.run_id as string;
      const account = { ...accountEnvironment(manager.home), KUBECONFIG: api.kubeconfig, STATE_HUB_HOME: home };
      await using mover = Bun.spawn([join(ROOT, "scripts/cutover.ts"), "schedule", "canary", "--apply", file], {
        stdio: ["ignore", "ignore", "pipe"],
        env: { ...account, DATABASE_URL: hub.url },
      });
      const { promise: ended, resolve: end } = Promise.withResolvers<number>();
      const played = api.play({ runJob: () => ended });
      let said = "";
      for await (const text of mover.stderr.pipeThrough(new TextDecoderStream())) {
        said += text;
        if (said.includes("waits for the Job")) mover.kill("SIGINT");
      }
      expect([await mover.exited, mover.signalCode]).toEqual([130, null]);
      expect((await json("schedule status")).document.half_done).toMatchObject({ act: "canary", file });
      await hub.database.sql`
        insert into progress_events (id, event_type, source, detail) values (${runId}, 'consistency_sweep_remote_all', 'manual',
          '{"exit_code": 0, "lock_skipped": false, "automation_error": null}')`;
      end(0);
      const { exitCode, document } = await json(`schedule canary --apply ${file}`);
      await played.stop();
      expect([exitCode, document.came, document.resumed]).toEqual([0, "done", true]);
    },
    WATCHDOG_MS,
  );

  test(
    "a switch that is half done, of another CronJob than there is now, can only be taken back, and says so",
    async () => {
      const half = join(manager.home, "lost");
      const [file, id] = [join(half, "p.json"), Bun.randomUUIDv7()];
      const journal = { path: join(half, "cutover/schedule-journal.jsonl"), host: "h", operator: "o" };
      const terms = { act: "switch", timers: "", archive: "", cluster_is_gone: false, hours: 1, run_id: "" };
      const sources = { baseline: "local-timer", candidate: "k8s-cronjob" };
      const made = { kind: "schedule-switch", id, made_at: "2026-11-21T11:00:00.000Z", host: "h", operator: "o" };
      writePlan(file, sealed({ ...made, terms: { ...terms, ...sources }, facts: { CronJob: "another" }, steps: [] }));
      addEntry(journal, { plan: id, entry: "opened", detail: { act: "switch", file } });
      const { exitCode, stdout } = await type(`schedule switch --apply ${file}`, { STATE_HUB_HOME: half });
      expect(exitCode).toBe(1);
      expect(stdout).toContain("The world is no longer as the plan found it");
      expect(stdout.trimEnd()).toEndWith("Next: scripts/cutover.ts schedule rollback");
      expect((await type("schedule rollback", { STATE_HUB_HOME: half })).exitCode).toBe(0);
    },
    WATCHDOG_MS,
  );

  test(
    "a move is refused where the hub's row of the definition has no schedule: sync puts it there",
    async () => {
      const { sql } = hub.database;
      await sql`
        insert into activity.activity_definitions (id, name, definition, enabled, digest)
        values (${SWEEP_DEFINITION_ID}, 'x', '{"trigger": {}}', true, '')`;
      const { exitCode, stderr } = await type("schedule canary");
      await sql`delete from activity.activity_definitions where id = ${SWEEP_DEFINITION_ID}`;
      expect([exitCode, stderr.trimEnd().split("\n").at(-1)]).toEqual([2, "Try: scripts/activity_definitions.ts sync"]);
    },
    WATCHDOG_MS,
  );

  test(
    "refuses a plan for another command, one that was changed, and a plan beside one to apply, as wrong usage or as 2",
    async () => {
      const file = join(manager.home, "mine.json");
      expect((await type(`schedule canary --plan ${file}`)).exitCode).toBe(0);
      expect((await type(`schedule switch --apply ${file}`)).exitCode).toBe(64);
      expect((await type(`schedule canary --apply ${file} --plan ${file}`)).exitCode).toBe(64);
      expect((await type("schedule canary --end")).exitCode).toBe(64);
      writeFileSync(file, readFileSync(file, "utf8").replace('"host": "', '"host": "x'));
      expect((await type(`schedule canary --apply ${file}`)).exitCode).toBe(2);
    },
    WATCHDOG_MS,
  );

  test(
    "rollback refuses where the cluster can't be asked with 2, and takes a person's word that it is gone",
    async () => {
      api.fail({ answer: 503 });
      const refused = await json("schedule rollback");
      const gone = await json("schedule rollback --cluster-is-gone");
      const shown = await type("schedule rollback --cluster-is-gone");
      api.fail(null);
      expect([refused.exitCode, refused.document.plan]).toEqual([2, null]);
      expect(gone.exitCode).toBe(0);
      expect(gone.document.steps.map(({ id }: { id: string }) => id)).toEqual([
        "wait_for_sweep",
        "restore_units",
        "enable_timer",
        "prove_first_run",
      ]);
      expect(shown.stdout).toContain("The CronJob is NOT suspended by this plan.");
      expect((await type("schedule rollback --cluster-is-gone")).exitCode).toBe(1);
    },
    WATCHDOG_MS,
  );
});
