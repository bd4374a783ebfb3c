// Keeps which blocks the tests have executed, beside the pages, when it is asked for: RECORD_EXECUTED=1. The lint compares
// it with the pages as they are.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  blockDigest,
  type Executed,
  executedFile,
  executedText,
  readExecuted,
} from "../../lib/runbook/executed_blocks.ts";
import type { Block, Runbook } from "../../lib/runbook/read_runbook.ts";
import { writeWhole } from "../../lib/whole_file.ts";

const ROOT = join(import.meta.dir, "../..");

/** To be called when the block has done what its page says. */
export function recordExecuted(page: Runbook, block: Block, as: Executed["as"] = "run"): void {
  if (process.env.RECORD_EXECUTED !== "1") return;
  const file = executedFile(ROOT, page.file);
  mkdirSync(dirname(file), { recursive: true });
  const [before, digest] = [readExecuted(ROOT, page.file), blockDigest(page, block)];
  // Another test may have run what this one only plans.
  const known = before[block.name]?.digest === digest && before[block.name]?.as === "run";
  writeWhole(file, executedText(page, { ...before, [block.name]: { digest, as: known ? "run" : as } }));
}
