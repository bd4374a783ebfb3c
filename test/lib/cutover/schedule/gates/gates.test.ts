// Each gate with a world that it lets pass, and one that it refuses or can't judge, and what it then says to type.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACTS } from "../../../../../lib/cutover/schedule/acts.ts";
import { canaryPassed } from "../../../../../lib/cutover/schedule/gates/canary_passed.ts";
import { clusterCanBeTold } from "../../../../../lib/cutover/schedule/gates/cluster_can_be_told.ts";
import { comparisonReady } from "../../../../../lib/cutover/schedule/gates/comparison_ready.ts";
import { cronJobAsRendered } from "../../../../../lib/cutover/schedule/gates/cronjob_as_rendered.ts";
import { definitionsAgree } from "../../../../../lib/cutover/schedule/gates/definitions_agree.ts";
import { askGates, exitCodeOf, type Gate, type GateScene } from "../../../../../lib/cutover/schedule/gates/gate.ts";
import { hubAnswers } from "../../../../../lib/cutover/schedule/gates/hub_answers.ts";
import { noForeignSchedule } from "../../../../../lib/cutover/schedule/gates/no_foreign_schedule.ts";
import { nobodyElseMoving } from "../../../../../lib/cutover/schedule/gates/nobody_else_moving.ts";
import { oneOwner } from "../../../../../lib/cutover/schedule/gates/one_owner.ts";
import { unitAsShipped } from "../../../../../lib/cutover/schedule/gates/unit_as_shipped.ts";
import { unitsCanComeBack } from "../../../../../lib/cutover/schedule/gates/units_can_come_back.ts";
import type { Judgement, Move } from "../../../../../lib/cutover/schedule/move.ts";
import type { MoveTerms } from "../../../../../lib/cutover/schedule/move_terms.ts";
import type { OwnerSight, ScheduleFinding, ScheduleStatus } from "../../../../../lib/cutover/schedule/sight.ts";
import { specDigest } from "../../../../../lib/cutover/schedule/spec_digest.ts";
import { copyToArchive } from "../../../../../lib/cutover/schedule/unit_archive.ts";
import { OpsFailure } from "../../../../../lib/failure.ts";
import type { CronJobState } from "../../../../../lib/kubernetes/cluster.ts";
import type { Entry } from "../../../../../lib/plan/journal.ts";
import { temporaryFolder } from "../../../../support/git_repo.ts";
import { freshHub } from "../../../../support/hub.ts";

const NAME = "state-hub-consistency-sweep";
const folder = temporaryFolder();
const [installed, toolkit] = [join(folder.path, "installed"), join(folder.path, "toolkit")];
for (const path of [installed, toolkit]) mkdirSync(path);
for (const kind of ["timer", "service"]) writeFileSync(join(toolkit, `${NAME}.${kind}`), "[Unit]\n");
afterAll(folder.remove);

const cronJob: CronJobState = {
  name: NAME,
  uid: "1",
  resourceVersion: "1",
  suspended: true,
  spec: { suspend: true, schedule: "*/15 * * * *" },
  annotations: {},
  lastScheduleTime: null,
  active: 0,
};
const owner = (id: OwnerSight["id"], enabled: boolean | null, more: Partial<OwnerSight> = {}): OwnerSight => ({
  ...{ id, name: id, enabled, active: enabled, detail: "seen", remedy: `end ${id}`, next: null },
  ...more,
});
const status = (more: Partial<ScheduleStatus> = {}): ScheduleStatus => ({
  ...{ verdict: "timer", parallelSince: null, owners: [owner("timer", true)], findings: [], exitCode: 0 },
  ...more,
});
const found = (id: string, says = "it differs", severity: ScheduleFinding["severity"] = "error") =>
  status({ findings: [{ id, severity, says, remedy: `mend ${id}` }] });
const entry = (more: Partial<Entry>): Entry => ({
  ...{ at: "2026-11-21T11:00:00.000Z", host: "h", pid: 1, operator: "o", plan: "01a1fdf6-b261-7c97-9eca-251b17a203ef" },
  ...{ entry: "opened", step: null, act: null, detail: {} },
  ...more,
});
const opened = (act: string) => [entry({ detail: { act, file: "/plans/old plan.json" } })];
const canary = (spec: string, outcome = "passed") => [
  entry({ entry: "closed", detail: { act: "canary", outcome, spec } }),
];
const terms = (more: Partial<MoveTerms> = {}): MoveTerms => ({
  ...{ act: "switch", timers: `${NAME}.timer`, archive: "", cluster_is_gone: false, hours: 72 },
  ...{ baseline: "local-timer", candidate: "k8s-cronjob", run_id: "" },
  ...more,
});
const judges = (judgement: Judgement): Move["judges"] => ({
  compare: async () => judgement,
  definitionsAgree: async () => judgement,
});
const gone = new OpsFailure("Could not get it by kubectl", { observed: "refused", hint: "kubectl cluster-info" });

const scene = (more: Partial<GateScene> & { judges?: Move["judges"]; hub?: unknown } = {}): GateScene => {
  const { judges: given = judges({ verdict: "pass", says: "so" }), hub, ...rest } = more;
  const places = {
    unitName: NAME,
    unitFolder: toolkit,
    installedFolder: installed,
    cluster: { context: null, namespace: "state-hub" },
  };
  const move = { world: places, judges: given, hub, activity: {} } as unknown as GateScene["move"];
  return { move, terms: terms(), status: status(), cronJob, entries: [], otherMover: null, ...rest };
};
const ask = async (gate: Gate, more: Parameters<typeof scene>[0] = {}) => {
  const [answer] = await askGates([gate], scene(more));
  return [answer?.verdict, answer?.remedy];
};
const back = { terms: terms({ act: "rollback" }) };
const PASS = ["pass", null];

describe("a gate", () => {
  test("one_owner lets a move pass from where it starts, and refuses nobody, two, and what can't be told", async () => {
    const none = status({
      verdict: "none",
      findings: [{ id: "none", severity: "error", says: "", remedy: "install" }],
    });
    expect(await ask(oneOwner)).toEqual(PASS);
    expect(await ask(oneOwner, { status: status({ verdict: "parallel" }) })).toEqual(PASS);
    expect(await ask(oneOwner, { status: none })).toEqual(["refuse", "install"]);
    expect(await ask(oneOwner, { status: status({ verdict: "both" }) })).toEqual(["refuse", oneOwner.remedy]);
    expect(await ask(oneOwner, { status: status({ verdict: "cronjob" }) })).toEqual(["refuse", oneOwner.remedy]);
    expect(await ask(oneOwner, { status: status({ verdict: "unknown" }) })).toEqual(["unknown", oneOwner.remedy]);
  });

  test("one_owner of a rollback takes what nobody has, what two have, and whatever a move left half done", async () => {
    for (const verdict of ["cronjob", "none", "both"] as const)
      expect(await ask(oneOwner, { ...back, status: status({ verdict }) })).toEqual(PASS);
    expect(await ask(oneOwner, back)).toEqual(["refuse", oneOwner.remedy]);
    for (const act of ["switch", "rollback", "parallel", "end-parallel"])
      expect(await ask(oneOwner, { ...back, entries: opened(act) })).toEqual(PASS);
    expect(await ask(oneOwner, { ...back, status: status({ verdict: "parallel" }) })).toEqual([
      "refuse",
      "scripts/cutover.ts schedule canary --parallel --end",
    ]);
    const lost = { terms: terms({ act: "rollback", cluster_is_gone: true }), status: status({ verdict: "unknown" }) };
    expect(await ask(oneOwner, lost)).toEqual(PASS);
  });

  test("comparison_ready takes over the comparison's word, and names the comparison that was asked for", async () => {
    const remedy = "scripts/compare_sweep_parallel.ts --hours 72 --baseline local-timer --candidate k8s-cronjob";
    expect(await ask(comparisonReady)).toEqual(PASS);
    for (const verdict of ["refuse", "unknown"] as const)
      expect(await ask(comparisonReady, { judges: judges({ verdict, says: "not yet" }) })).toEqual([verdict, remedy]);
  });

  test("definitions_agree takes over the definitions' word", async () => {
    expect(await ask(definitionsAgree)).toEqual(PASS);
    const refused = judges({ verdict: "refuse", says: "not enabled", remedy: "scripts/activity_definitions.ts sync" });
    expect(await ask(definitionsAgree, { judges: refused })).toEqual([
      "refuse",
      "scripts/activity_definitions.ts sync",
    ]);
  });

  test("cronjob_as_rendered refuses one that is missing or edited; one that can't be asked for is unknown", async () => {
    expect(await ask(cronJobAsRendered)).toEqual(PASS);
    expect(await ask(cronJobAsRendered, { cronJob: null })).toEqual(["refuse", "kubectl apply -k k8s/apps"]);
    expect(await ask(cronJobAsRendered, { status: found("cronjob_edited") })).toEqual([
      "refuse",
      "mend cronjob_edited",
    ]);
    expect(await ask(cronJobAsRendered, { cronJob: gone })).toEqual(["unknown", "kubectl cluster-info"]);
  });

  test("unit_as_shipped refuses an edited unit and a timer's drop-in, and lets a service's drop-in pass", async () => {
    expect(await ask(unitAsShipped)).toEqual(PASS);
    for (const id of ["unit_edited", "unit_masked", "unit_unreadable", "unit_needs_reload", "service_missing"])
      expect(await ask(unitAsShipped, { status: found(id) })).toEqual(["refuse", `mend ${id}`]);
    const dropIn = (unit: string) => ({ status: found("unit_drop_in", `${unit} is changed by x.conf`, "degraded") });
    expect(await ask(unitAsShipped, dropIn(`${NAME}.timer`))).toEqual(["refuse", "mend unit_drop_in"]);
    expect(await ask(unitAsShipped, dropIn(`${NAME}.service`))).toEqual(PASS);
  });

  test("hub_answers is unknown where the hub does not", async () => {
    const hub = await freshHub();
    expect(await ask(hubAnswers, { hub: hub.database })).toEqual(PASS);
    await hub.close();
    expect((await ask(hubAnswers, { hub: hub.database }))[0]).toBe("unknown");
  });

  test("nobody_else_moving refuses beside another mover, and beside a move that is half done unless it ends it", async () => {
    const resume = "scripts/cutover.ts schedule switch --apply '/plans/old plan.json'";
    expect(await ask(nobodyElseMoving)).toEqual(PASS);
    expect(await ask(nobodyElseMoving, { otherMover: "pid 7" })).toEqual(["refuse", nobodyElseMoving.remedy]);
    expect(await ask(nobodyElseMoving, { entries: opened("switch") })).toEqual(["refuse", resume]);
    expect(await ask(nobodyElseMoving, { ...back, entries: opened("switch") })).toEqual(PASS);
    expect(await ask(nobodyElseMoving, { terms: terms({ act: "parallel" }), entries: opened("parallel") })).toEqual(
      PASS,
    );
    const elsewhere = [entry({ detail: { act: "switch", file: "/p.json", context: "prod", namespace: "hub" } })];
    expect((await ask(nobodyElseMoving, { entries: elsewhere }))[1]).toBe(
      "scripts/cutover.ts schedule switch --context prod --namespace hub --apply /p.json",
    );
    const closed = [...opened("switch"), entry({ entry: "closed" })];
    expect(await ask(nobodyElseMoving, { entries: closed })).toEqual(PASS);
  });

  test("canary_passed refuses without one, after one that failed, and after the CronJob was changed", async () => {
    const spec = specDigest(cronJob);
    const refused = ["refuse", "scripts/cutover.ts schedule canary"];
    expect(await ask(canaryPassed, { entries: canary(spec) })).toEqual(PASS);
    expect(
      await ask(canaryPassed, {
        entries: canary(spec),
        cronJob: { ...cronJob, spec: { ...cronJob.spec, suspend: false } },
      }),
    ).toEqual(PASS);
    expect(await ask(canaryPassed)).toEqual(refused);
    expect(await ask(canaryPassed, { entries: [...canary(spec), ...canary(spec, "failed")] })).toEqual(refused);
    const changed = { ...cronJob, spec: { schedule: "0 * * * *" } };
    expect(await ask(canaryPassed, { entries: canary(spec), cronJob: changed })).toEqual(refused);
  });

  test("no_foreign_schedule refuses a cron line and a second timer, and can't tell where no cron table can be read", async () => {
    const owners = (...more: OwnerSight[]) => ({ status: status({ owners: [owner("timer", true), ...more] }) });
    expect(await ask(noForeignSchedule, owners(owner("cron", false), owner("old_timer", false)))).toEqual(PASS);
    expect(await ask(noForeignSchedule, owners(owner("cron", true)))).toEqual(["refuse", "end cron"]);
    expect(await ask(noForeignSchedule, owners(owner("old_timer", true)))).toEqual(["refuse", "end old_timer"]);
    expect(await ask(noForeignSchedule, owners(owner("cron", null)))).toEqual(["unknown", "end cron"]);
  });

  test("cluster_can_be_told is unknown where the cluster is away, until a person says that it is gone", async () => {
    const lost = { ...back, cronJob: gone };
    expect(await ask(clusterCanBeTold, back)).toEqual(PASS);
    expect((await ask(clusterCanBeTold, lost))[0]).toBe("unknown");
    expect((await ask(clusterCanBeTold, lost))[1]).toContain("--cluster-is-gone");
    const said = { terms: terms({ act: "rollback", cluster_is_gone: true }) };
    expect(await ask(clusterCanBeTold, { ...said, cronJob: gone })).toEqual(PASS);
    expect((await ask(clusterCanBeTold, said))[0]).toBe("refuse");
    expect((await ask(clusterCanBeTold, { ...back, cronJob: null }))[0]).toBe("refuse");
  });

  test("units_can_come_back refuses what is in the way, a changed archive, and units that nobody has", async () => {
    const archive = join(folder.path, "archive");
    const name = `${NAME}.timer`;
    writeFileSync(join(installed, name), "[Timer]\n");
    copyToArchive(archive, installed, { units: [name], enabled: [name], made_at: "2026-11-21T11:00:00.000Z" });
    const asked = { terms: terms({ act: "rollback", archive }) };
    expect(await ask(unitsCanComeBack, asked)).toEqual(PASS);
    writeFileSync(join(installed, name), "[Timer]\n# somebody's\n");
    expect(await ask(unitsCanComeBack, asked)).toEqual(["refuse", `ls -l ${installed}`]);
    writeFileSync(join(archive, name), "[Timer]\n# changed\n");
    expect((await ask(unitsCanComeBack, asked))[0]).toBe("unknown");
    expect(await ask(unitsCanComeBack, back)).toEqual(PASS);
    const nobody = { terms: terms({ act: "rollback", timers: "custodian-sync.timer" }) };
    expect((await ask(unitsCanComeBack, nobody))[0]).toBe("refuse");
  });
});

test("ACTS ask each gate of the registry somewhere, under an id of its own, with a claim and a command", () => {
  const gates = new Map(ACTS.flatMap((act) => act.gates).map((gate) => [gate.id, gate]));
  expect(gates.size).toBe(11);
  for (const { claim, remedy } of gates.values()) {
    expect(claim).toMatch(/^[A-Z].*[^.]$/);
    expect(remedy).toMatch(/^(scripts\/|kubectl )/);
  }
});

test("exitCodeOf() is 1 as soon as one refuses, 2 when one could not tell, 0 when all passed", () => {
  const code = (...verdicts: Judgement["verdict"][]) => exitCodeOf(verdicts.map((verdict) => ({ verdict })));
  expect([code("pass"), code("pass", "unknown"), code("unknown", "refuse")]).toEqual([0, 2, 1]);
});
