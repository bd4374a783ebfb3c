import { type Check, problemsOf } from "../check.ts";

export const taskBlockUnreadable: Check = {
  id: "C-17",
  name: "task_block_unreadable",
  severity: "error",
  proves: "every task block is a closed fence of its own whose YAML can be read",
  fix: "Correct the block at that place; its neighbours are not affected",
  inFile: (reading) => problemsOf(reading, "task_block_unreadable"),
};
