import { expect, test } from "bun:test";
import { together } from "../../../lib/drill/together.ts";

const never = new AbortController().signal;
/** Ends only when it is told to, and takes its time. */
const untilStopped = (log: string[]) => (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const end = () => {
      log.push("stopped");
      reject(signal.reason);
    };
    signal.addEventListener("abort", () => queueMicrotask(end));
  });

test("together() gives all results in the order given", async () => {
  expect(await together(never, [async () => 1, async () => "two"] as const)).toEqual([1, "two"]);
});

test("together() stops the others at the first failure, waits for them, and throws that failure", async () => {
  const log: string[] = [];
  const failing = async () => {
    throw new Error("first");
  };
  await expect(together(never, [untilStopped(log), failing])).rejects.toThrow("first");
  expect(log).toEqual(["stopped"]);
});

test("together() throws the signal's reason when it was aborted, and not what that led to", async () => {
  const controller = new AbortController();
  const log: string[] = [];
  const running = together(controller.signal, [untilStopped(log), untilStopped(log)]);
  controller.abort(new Error("asked to stop"));
  await expect(running).rejects.toThrow("asked to stop");
  expect(log).toEqual(["stopped", "stopped"]);
});
