// What a canary came to, from its Job and from what the hub knows of its run.
import { expect, test } from "bun:test";
import { canaryVerdict } from "../../../../../lib/cutover/schedule/steps/prove_canary.ts";

const LOG = "kubectl --namespace=state-hub logs job/canary";
const run = { exit_code: 0, lock_skipped: false, automation_error: null };

test("canaryVerdict() passes a complete Job whose run did its work, and nothing else", () => {
  expect(canaryVerdict("complete", run, LOG).outcome).toBe("passed");
  expect(canaryVerdict("complete", { ...run, lock_skipped: true }, LOG).outcome).toBe("again");
  expect(canaryVerdict("complete", { ...run, automation_error: "no disk" }, LOG).outcome).toBe("failed");
  expect(canaryVerdict("failed", run, LOG).outcome).toBe("failed");
  expect(canaryVerdict(null, run, LOG).outcome).toBe("unknown");
});

test("canaryVerdict() leads to the Job's log where the hub has no run: it may have stepped aside", () => {
  const { outcome, says } = canaryVerdict("complete", null, LOG);
  expect(outcome).toBe("unknown");
  expect(says).toContain("It may have stepped aside");
  expect(says).toEndWith(LOG);
  expect(canaryVerdict("failed", null, LOG)).toMatchObject({ outcome: "failed", says: expect.stringContaining(LOG) });
});
