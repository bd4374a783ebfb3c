// The sweep's runbook as its reader follows it: every command from the first page to the last, on a scratch fleet in which
// everything that the page speaks of has happened. What it prints must be what the page shows.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { unexpected } from "../../lib/runbook/expected_output.ts";
import { FLEET_MS, makeRunbookFleet, type RunbookFleet } from "../support/runbook_fleet.ts";
import { type RunbookReader, rehearse, runbookReader } from "../support/runbook_reader.ts";

let fleet: RunbookFleet;
let reader: RunbookReader;
beforeAll(async () => {
  fleet = await makeRunbookFleet();
  reader = runbookReader({ env: fleet.env });
}, FLEET_MS);
afterAll(() => fleet.remove(), FLEET_MS);

/** 128 and SIGTERM: the holder that the page ends. */
const ENDED = 143;

const { blocks, rows } = rehearse({
  page: "consistency_sweep",
  reader: () => reader,
  before: {
    "look-lock": () => fleet.hangSweep(),
    "try-again": async () => {
      expect(await fleet.endedSweep()).toBe(ENDED);
      await fleet.loseRemote();
    },
    "accept-history": () => fleet.diverge(),
  },
});

test("a history that was accepted is gone on from", () => {
  expect(reader.printed("accept-history")).toContain("garden");
  expect(reader.printed("sweep-write-back")).not.toContain("error C-06  garden");
});

const EXAMPLE = /-example$/;
test.each(blocks.filter(({ name }) => EXAMPLE.test(name)))("$name is what was printed", ({ name, text }) => {
  const printed = reader.printed(name.replace(EXAMPLE, ""));
  const missing = unexpected(text, printed);
  expect(missing === null ? null : { missing, printed }).toBeNull();
});

test("the report has no field that the runbook does not explain", () => {
  const report = JSON.parse(reader.printed("report-json")) as object;
  const fields = Object.keys(report).filter((name) => name !== "schema_version");
  const explained = rows.flatMap(({ cells: [field = ""] }) => [...field.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(fields.length).toBeGreaterThan(20);
  expect(fields.filter((name) => !explained.includes(name))).toEqual([]);
});
