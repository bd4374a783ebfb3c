// Suspending a CronJob that changes between the look and the change: its own status is nobody's change, a person's edit is.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { setSuspended } from "../../../../lib/cutover/schedule/set_suspended.ts";
import { startTestWorld, type TestWorld } from "../../../support/kubernetes_and_units.ts";
import { describeWithKubectl } from "../../../support/with_kubectl.ts";

const NAME = "state-hub-consistency-sweep";
const WATCHDOG_MS = 60_000;

describeWithKubectl("setSuspended()", () => {
  let here: TestWorld;
  let tries = 0;
  beforeAll(async () => {
    here = await startTestWorld();
  }, WATCHDOG_MS);
  afterAll(() => here.stop(), WATCHDOG_MS);
  beforeEach(() => here.reset(), WATCHDOG_MS);

  const unsuspend = () =>
    setSuspended(here.world, { suspend: false, annotations: (now) => ({ ...now, ours: "kept" }) });
  /** Somebody is quicker, once: between our look and our change. */
  const meanwhile = (change: string) => {
    const [marker, kubectl] = [join(here.manager.home, `quicker-${++tries}`), Bun.which("kubectl")];
    const first = `if echo "$*" | grep -q " patch " && mkdir ${marker} 2>/dev/null; then ${kubectl} -n state-hub ${change} >/dev/null; fi`;
    here.program("kubectl", `${first}\nexec ${kubectl} "$@"`);
  };

  test("goes on where the CronJob was touched and its spec is the same, and keeps what was added", async () => {
    meanwhile(`patch cronjobs.batch ${NAME} --type=merge --patch='{"metadata":{"annotations":{"theirs":"kept"}}}'`);
    await unsuspend();
    const { spec, metadata } = here.api.cronJob(NAME);
    expect([spec.suspend, metadata.annotations?.theirs, metadata.annotations?.ours]).toEqual([false, "kept", "kept"]);
    expect(here.api.calls.filter(({ method, status }) => method === "PATCH" && status !== 200)).toHaveLength(1);
  });

  test("leaves alone a CronJob that somebody edited meanwhile", async () => {
    meanwhile(`patch cronjobs.batch ${NAME} --type=merge --patch='{"spec":{"schedule":"0 * * * *"}}'`);
    expect(unsuspend()).rejects.toThrow("Could not patch");
    await Bun.sleep(0);
    expect(here.api.cronJob(NAME).spec).toMatchObject({ suspend: true, schedule: "0 * * * *" });
  });
});
