// The moves as plans: which steps in which order, and the very commands that they will run. No server is asked.
import { expect, test } from "bun:test";
import { ACTS, actNamed } from "../../../../lib/cutover/schedule/acts.ts";
import { plannedSteps } from "../../../../lib/cutover/schedule/make_plan.ts";
import type { Move } from "../../../../lib/cutover/schedule/move.ts";
import type { ActName, MoveTerms } from "../../../../lib/cutover/schedule/move_terms.ts";
import { cronJobManifest } from "../../../support/kubernetes_cron_job.ts";

const NAME = "state-hub-consistency-sweep";
const world = {
  unitName: NAME,
  unitFolder: "/toolkit/systemd/active",
  installedFolder: "/home/o/.config/systemd/user",
  cronJobManifest: cronJobManifest(),
  cluster: { context: "prod", namespace: "state-hub" },
  units: {},
};
const terms = (act: ActName, more: Partial<MoveTerms> = {}): MoveTerms => ({
  ...{ act, timers: `${NAME}.timer`, archive: "/home/hub/archive/x", cluster_is_gone: false, hours: 72 },
  ...{ baseline: "local-timer", candidate: "k8s-cronjob", run_id: "01a1fdf6-b261-7c97-9eca-251b17a203ef" },
  ...more,
});
const steps = (given: MoveTerms) =>
  plannedSteps(actNamed(given.act).steps({ world, activity: {} } as unknown as Move, given, "plan"));
const ids = (given: MoveTerms) => steps(given).map(({ id }) => id);
const commands = (given: MoveTerms) => steps(given).flatMap((step) => step.commands.map((words) => words.join(" ")));

const KUBECTL = "kubectl --context=prod --namespace=state-hub --request-timeout=10s";
const SYSTEMCTL = "systemctl --user --no-pager --no-ask-password";
const patch = (suspend: boolean, annotations = "{}") =>
  `${KUBECTL} patch cronjobs.batch ${NAME} --type=json --patch=[` +
  `{"op":"test","path":"/metadata/resourceVersion","value":"<as it is then>"},` +
  `{"op":"test","path":"/spec/suspend","value":${!suspend}},{"op":"replace","path":"/spec/suspend","value":${suspend}},` +
  `{"op":"add","path":"/metadata/annotations","value":${annotations}}] --output=json`;

test("a switch stops the timer and waits before it takes the units away, and unsuspends when all of that is done", () => {
  expect(ids(terms("switch"))).toEqual([
    "suspend_cronjob",
    "copy_units_to_archive",
    "disable_timer",
    "wait_for_sweep",
    "remove_units",
    "unsuspend_cronjob",
    "prove_one_owner",
    "prove_first_run",
  ]);
  expect(commands(terms("switch"))).toEqual([
    patch(true),
    `${SYSTEMCTL} disable --now -- ${NAME}.timer`,
    `${SYSTEMCTL} daemon-reload`,
    patch(false),
  ]);
});

test("a switch takes the timer of the old name along, where that is the one", () => {
  expect(commands(terms("switch", { timers: "custodian-sync.timer" }))[1]).toBe(
    `${SYSTEMCTL} disable --now -- custodian-sync.timer`,
  );
});

test("a rollback suspends the CronJob before it brings the timer back; without an archive the toolkit's own units", () => {
  const given = terms("rollback", { archive: "" });
  expect(ids(given)).toEqual([
    "suspend_cronjob",
    "wait_for_sweep",
    "restore_units",
    "enable_timer",
    "prove_one_owner",
    "prove_first_run",
  ]);
  expect(commands(given)).toEqual([
    patch(true),
    `${SYSTEMCTL} link -- /toolkit/systemd/active/${NAME}.timer`,
    `${SYSTEMCTL} link -- /toolkit/systemd/active/${NAME}.service`,
    `${SYSTEMCTL} daemon-reload`,
    `${SYSTEMCTL} enable --now -- ${NAME}.timer`,
  ]);
});

test("a rollback with the cluster gone says nothing to the cluster", () => {
  const given = terms("rollback", { archive: "", cluster_is_gone: true });
  expect(ids(given)).toEqual(["wait_for_sweep", "restore_units", "enable_timer", "prove_first_run"]);
  expect(commands(given).filter((command) => command.startsWith("kubectl"))).toEqual([]);
});

test("a canary creates one Job and touches neither CronJob nor timer; its undo deletes that Job", () => {
  expect(commands(terms("canary"))).toEqual([`${KUBECTL} create --validate=false --filename=- --output=json`]);
  expect(steps(terms("canary"))[0]?.undo).toContain(`delete jobs.batch ${NAME}-canary-17a203ef`);
});

test("a parallel run is declared on the CronJob, and ended by suspending it; neither touches the timer", () => {
  expect(commands(terms("parallel"))).toEqual([patch(false, '{"state-hub.io/parallel-since":"<as it is then>"}')]);
  expect(commands(terms("end-parallel"))).toEqual([patch(true)]);
});

test("every step of every move says what it does and what undoes it", () => {
  for (const { name } of ACTS) {
    for (const { says, undo } of steps(terms(name, { archive: "" }))) {
      expect(says.length).toBeGreaterThan(20);
      expect(undo.length).toBeGreaterThan(10);
    }
  }
});
