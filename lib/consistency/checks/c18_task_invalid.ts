import { type Check, problemsOf } from "../check.ts";

export const taskInvalid: Check = {
  id: "C-18",
  name: "task_invalid",
  severity: "error",
  proves: "every task block has the keys and values that the hub knows",
  fix: "Correct the block at that place; its neighbours are not affected",
  inFile: (reading) => problemsOf(reading, "task_invalid", ({ code }) => code !== "duplicate_task_id"),
};
