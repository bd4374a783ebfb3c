// Five fields, read as strictly as every scheduler that fires them.
import { describe, expect, test } from "bun:test";
import { describeFailure } from "../../../lib/failure.ts";
import { cronFields } from "../../../lib/schedule/cron_fields.ts";

describe("cronFields()", () => {
  test("gives the values of numbers, names, lists, ranges and steps, ascending and each once", () => {
    expect(cronFields("50,5,5 1-7/3 */10 jan,DEC-DEC *")).toEqual({
      minutes: [5, 50],
      hours: [1, 4, 7],
      daysOfMonth: [1, 11, 21, 31],
      months: [1, 12],
      daysOfWeek: [0, 1, 2, 3, 4, 5, 6],
    });
    expect(cronFields("00 03 * * MON-FRI").daysOfWeek).toEqual([1, 2, 3, 4, 5]);
  });

  test("refuses what two schedulers would read in two ways, and says which part", () => {
    const refused: readonly [string, string][] = [
      ["0 3 * * 7", '"7" as day of week'],
      ["0 3 * * FRI-MON", '"FRI-MON" as day of week'],
      ["5/15 * * * *", '"5/15" as minute'],
      ["*/0 * * * *", '"*/0" as minute'],
      ["*/60 * * * *", '"*/60" as minute'],
      ["0-30/5/2 * * * *", '"0-30/5/2" as minute'],
      ["1-2-3 * * * *", '"1-2-3" as minute'],
      ["60 * * * *", '"60" as minute'],
      ["-5 * * * *", '"-5" as minute'],
      ["0,, * * * *", '"" as minute'],
      ["1e1 * * * *", '"1e1" as minute'],
      ["0 3 0 * *", '"0" as day of month'],
      ["0 3 15W * *", "mean different things"],
      ["0 3 LW * *", "mean different things"],
      ["0 3 */2 * 1-5", "both restricted"],
      ["0  3 * * *", "one space between the fields"],
      [" 0 3 * * *", "one space between the fields"],
      ["0 3 * *", "4 fields"],
      ["", "one space between the fields"],
    ];
    for (const [cron, says] of refused) {
      let said = "nothing";
      try {
        cronFields(cron);
      } catch (error) {
        said = describeFailure(error);
      }
      expect([cron, said]).toEqual([cron, expect.stringContaining(says)]);
    }
    expect(cronFields("0 3 * JUL-AUG *").months).toEqual([7, 8]);
  });
});
