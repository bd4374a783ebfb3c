import { expect, test } from "bun:test";
import type { WorkProgress } from "../../../lib/drill/evidence/report.ts";
import { Stages } from "../../../lib/drill/stages.ts";

function watched() {
  const shown: WorkProgress[] = [];
  return { shown, stages: new Stages((progress) => shown.push(progress)) };
}

test("run() names the stage at once, passes its steps on, and keeps its time and bytes", async () => {
  const { shown, stages } = watched();
  await stages.run("Dumping", async (onProgress) => onProgress({ at: "public.tasks", bytes: 7 }));
  await stages.run(
    "Restoring",
    async () => ({ bytes: 9 }),
    ({ bytes }) => bytes,
  );
  expect(shown[0]).toEqual({ stage: "Dumping" });
  expect(shown[1]).toEqual({ stage: "Dumping", at: "public.tasks", bytes: 7 });
  expect(stages.done.map(({ name, bytes }) => [name, bytes])).toEqual([
    ["Dumping", 7],
    ["Restoring", 9],
  ]);
});

test("run() shows stages side by side as one phase, and each step with its stage", async () => {
  const { shown, stages } = watched();
  const hold = Promise.withResolvers<void>();
  const dumping = stages.run("Dumping", () => hold.promise);
  await stages.run("Fingerprinting", async (onProgress) => onProgress({ at: "public.tasks" }));
  hold.resolve();
  await dumping;
  expect(shown.at(-1)).toMatchObject({ stage: "Dumping, Fingerprinting", at: "Fingerprinting: public.tasks" });
});

test("run() remembers the stage that an error comes from, and counts no time for it", async () => {
  const { stages } = watched();
  const [full, gone] = [new Error("full"), new Error("gone")];
  const failing = (name: string, error: Error) => stages.run(name, async () => Promise.reject(error));
  await expect(failing("Dumping", full)).rejects.toBe(full);
  await expect(failing("Restoring", gone)).rejects.toBe(gone);
  await expect(failing("Fingerprinting", full)).rejects.toBe(full);
  expect([full, gone, new Error("other"), "text"].map((error) => stages.failedIn(error))).toEqual([
    "Dumping",
    "Restoring",
    null,
    null,
  ]);
  expect(stages.done).toEqual([]);
});
