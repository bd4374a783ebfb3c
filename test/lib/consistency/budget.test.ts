// The time of a run: what is begun when it is used up, and what the signal of a share ends, itself and nothing beside it.
import { describe, expect, setSystemTime, test } from "bun:test";
import { Budget, BudgetUsedUp } from "../../../lib/consistency/budget.ts";
import { waitUntil } from "../../../lib/wait_until.ts";

const WATCHDOG = 10_000;
const never = () => new AbortController().signal;

/** Work that ends only with its signal, and then as that says. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "nothing",
    (error: unknown) => error,
  );
}

describe("leftMs(), shareMs() and isOver()", () => {
  test("know no end without a budget", () => {
    const budget = new Budget(null);
    expect([budget.leftMs(), budget.leftMs(0.1), budget.shareMs(0.1), budget.isOver(), budget.isOver(0)]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      false,
      false,
    ]);
  });

  test("count a share from the start of the run, not from when it is asked for", async () => {
    const budget = new Budget(60);
    expect([budget.shareMs(1), budget.shareMs(0.25)]).toEqual([60_000, 15_000]);
    const first = budget.leftMs(0.25);
    expect(first).toBeLessThanOrEqual(15_000);
    await waitUntil({ forWhat: "time to pass", deadlineMs: WATCHDOG }, () =>
      budget.leftMs(0.25) < first - 5 ? { found: true } : { seen: `${budget.leftMs(0.25)} ms` },
    );
    expect(budget.leftMs() - budget.leftMs(0.25)).toBeCloseTo(45_000, -1);
    expect([budget.isOver(), budget.isOver(0.25), budget.isOver(0)]).toEqual([false, false, true]);
  });

  test("have a share used up while the whole goes on", async () => {
    const budget = new Budget(20);
    await waitUntil({ forWhat: "a thousandth of the budget", deadlineMs: WATCHDOG }, () =>
      budget.isOver(0.001) ? { found: true } : { seen: `${budget.leftMs(0.001)} ms` },
    );
    expect(budget.leftMs(0.001)).toBeLessThanOrEqual(0);
    expect(budget.isOver()).toBe(false);
  });

  test("are not moved by a clock that is", () => {
    const budget = new Budget(60);
    try {
      setSystemTime(Date.now() + 3_600_000);
      expect(budget.isOver()).toBe(false);
      setSystemTime(Date.now() - 7_200_000);
      expect(budget.leftMs()).toBeLessThanOrEqual(60_000);
    } finally {
      setSystemTime();
    }
  });
});

describe("within()", () => {
  test("ends work with a BudgetUsedUp when its share is used up, and leaves the run's signal alone", async () => {
    const [budget, outer] = [new Budget(1), never()];
    let given: AbortSignal | undefined;
    const error = await thrownBy(
      budget.within(0.05, outer, (signal) => {
        given = signal;
        return untilAborted(signal);
      }),
    );
    expect(error).toBeInstanceOf(BudgetUsedUp);
    expect([given?.aborted, outer.aborted]).toEqual([true, false]);
    expect(budget.isOver()).toBe(false);
  });

  test("ends it at once when the share was used up before", async () => {
    expect(await thrownBy(new Budget(60).within(0, never(), untilAborted))).toBeInstanceOf(BudgetUsedUp);
  });

  test("hands the run's own end on, with its reason, with a budget and without", async () => {
    for (const seconds of [60, null]) {
      const [outer, reason] = [new AbortController(), new Error("SIGTERM")];
      const ended = thrownBy(new Budget(seconds).within(1, outer.signal, untilAborted));
      outer.abort(reason);
      expect(await ended).toBe(reason);
    }
  });

  test("gives the run's own signal where there is no budget", async () => {
    const outer = never();
    expect(await new Budget(null).within(0, outer, async (signal) => signal)).toBe(outer);
  });

  test("gives what the work gave or threw, and never aborts its signal afterwards", async () => {
    const [budget, signals]: [Budget, AbortSignal[]] = [new Budget(0.1), []];
    const failed = new Error("its own");
    expect(await budget.within(1, never(), async (signal) => signals.push(signal))).toBe(1);
    const error = await thrownBy(
      budget.within(1, never(), async (signal) => {
        signals.push(signal);
        throw failed;
      }),
    );
    expect(error).toBe(failed);
    // A timer of the same length that was set later fires later: theirs, had one been left, has fired by then.
    expect(await thrownBy(new Budget(0.1).within(1, never(), untilAborted))).toBeInstanceOf(BudgetUsedUp);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });

  test("leaves no timer that holds the process up", async () => {
    const program = `
      import { Budget } from ${JSON.stringify(`${import.meta.dir}/../../../lib/consistency/budget.ts`)};
      await new Budget(600).within(1, new AbortController().signal, async () => {});`;
    const child = Bun.spawn([process.execPath, "-e", program], { stdio: ["ignore", "inherit", "inherit"] });
    try {
      await waitUntil({ forWhat: "the program to end", deadlineMs: WATCHDOG }, () =>
        child.exitCode !== null ? { found: true } : { seen: "it runs" },
      );
      expect(child.exitCode).toBe(0);
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });
});
