// The sweep's runbook as its reader follows it: every command from the first page to the last, in a shell like his, on a
// scratch fleet in which everything that the page speaks of has happened. What it prints must be what the page shows.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { unexpected } from "../../lib/runbook/expected_output.ts";
import { isCommand, readRunbook } from "../../lib/runbook/read_runbook.ts";
import { recordExecuted } from "../support/record_executed.ts";
import { BLOCK_MS, makeRunbookFleet, type RunbookFleet } from "../support/runbook_fleet.ts";

const page = readRunbook(join(import.meta.dir, "../../runbooks/consistency_sweep.md"));
const { blocks, rows } = page;

let fleet: RunbookFleet;
beforeAll(async () => {
  fleet = await makeRunbookFleet();
}, BLOCK_MS);
afterAll(() => fleet.remove());

// Plans and dangers too: nothing here is worth anything, and a command that nobody may try is one that nobody trusts.
for (const block of blocks.filter(isCommand)) {
  test(
    `${block.name}, as the runbook has it, does what the runbook says`,
    async () => {
      const { exitCode, stdout, stderr } = await fleet.paste(block.text);
      expect({ exitCode, said: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, said: "" });
      const shown = blocks.find(({ name }) => name === `${block.name}-output`);
      const missing = shown ? unexpected(shown.text, stdout) : null;
      expect(missing === null ? null : { missing, printed: stdout }).toBeNull();
      recordExecuted(page, block);
    },
    BLOCK_MS,
  );
}

test(
  "the report has no field that the runbook does not explain",
  async () => {
    const { stdout } = await fleet.paste("scripts/consistency_check.ts --remote --all --json --dry-run");
    const fields = Object.keys(JSON.parse(stdout) as object).filter((name) => name !== "schema_version");
    const explained = rows.flatMap(({ cells: [field = ""] }) =>
      [...field.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(fields.length).toBeGreaterThan(20);
    expect(fields.filter((name) => !explained.includes(name))).toEqual([]);
  },
  BLOCK_MS,
);
