import { expect, test } from "bun:test";
import { Tally } from "../../../lib/drill/tally.ts";
import type { WorkStep } from "../../../lib/work_step.ts";

test("add() counts what pieces side by side report of themselves, and what each came to in the end", async () => {
  const shown: WorkStep[] = [];
  const tally = new Tally((step) => shown.push(step), 30);
  const hold = Promise.withResolvers<void>();
  const long = tally.add(
    async (onStep) => {
      onStep({ at: "long", bytes: 5 });
      await hold.promise;
      onStep({ bytes: 12 });
      return 20;
    },
    (bytes) => bytes,
  );
  const short = await tally.add(
    async () => "short",
    () => 10,
  );
  hold.resolve();
  await long;
  expect(short).toBe("short");
  expect(shown).toEqual([
    { at: "long", bytes: 5, of: 30 },
    { bytes: 15, of: 30 },
    { bytes: 22, of: 30 },
    { bytes: 30, of: 30 },
  ]);
});
