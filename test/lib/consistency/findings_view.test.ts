import { describe, expect, test } from "bun:test";
import type { OpenFinding } from "../../../lib/consistency/findings.ts";
import { renderFindings } from "../../../lib/consistency/findings_view.ts";
import { RunLedger } from "../../../lib/consistency/run_ledger.ts";
import { plainView } from "../../support/plain_view.ts";

const PLACE = "workplans/customers/2026/CUST-WP-0001-a-long-name-of-a-workplan-that-nobody-would-want-to-type-again.md";

const FINDING: OpenFinding = {
  check: "C-18",
  severity: "error",
  repo: "seeds",
  path: PLACE,
  line: 12,
  column: 3,
  subject: "CUST-WP-0001-T01",
  message: "The value of status is not one that the hub knows",
  observed: "doing",
  expected: "one of todo, in_progress, blocked, done, cancelled",
  hint: "Set status to one of: todo, in_progress, blocked, done, cancelled",
  first_seen: "2026-11-21T03:00:00Z",
};

/** As the report of a run would show these findings. */
async function shown(findings: readonly OpenFinding[], width = 100, total = findings.length): Promise<string> {
  const ledger = new RunLedger({
    source: "manual",
    mode: "all",
    dry_run: false,
    max_seconds: null,
    remote: false,
    applies: false,
    strict: true,
  });
  const totals = { "C-18": total };
  const result = ledger.result({ findings, totals, errors: total, truncated: false, waived: 0 });
  return renderFindings(result, await plainView(width));
}

describe("renderFindings()", () => {
  test("gives each finding its place, what is wrong and what to do, in this order", async () => {
    expect(await shown([FINDING, { ...FINDING, severity: "warning", path: null, line: null, hint: null }], 400)).toBe(
      [
        "Needs a person: 2 open findings",
        "",
        `error C-18  seeds:${PLACE}:12:3`,
        "  CUST-WP-0001-T01: The value of status is not one that the hub knows (found doing, wanted one of todo, in_progress, blocked, done, cancelled)",
        "  Set status to one of: todo, in_progress, blocked, done, cancelled",
        "",
        "warning C-18  seeds",
        "  CUST-WP-0001-T01: The value of status is not one that the hub knows (found doing, wanted one of todo, in_progress, blocked, done, cancelled)",
      ].join("\n"),
    );
  });

  test.each([60, 80, 120])(
    "at %d columns keeps place and command whole, and breaks the rest between words",
    async (width) => {
      const command = `scripts/state_hub.ts repo add '/srv/a folder/${"x".repeat(100)}'`;
      const lines = (await shown([FINDING, { ...FINDING, hint: `Then: ${command}` }], width)).split("\n");
      expect(lines.filter((line) => line === `error C-18  seeds:${PLACE}:12:3`)).toHaveLength(2);
      expect(lines).toContain(`  Then: ${command}`);
      const rest = lines.filter((line) => !line.includes(PLACE) && !line.includes(command));
      expect(Math.max(...rest.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(rest.join(" ").replace(/\s+/g, " ")).toContain(FINDING.hint ?? "");
    },
  );

  test("shows what could move the cursor or fake a line as escapes", async () => {
    const nasty = "a\u001b[2J\nerror C-99  nothing:1:1";
    const text = await shown([{ ...FINDING, path: nasty, subject: nasty, observed: nasty, hint: nasty }]);
    expect(text).not.toContain("\u001b");
    expect(text.split("\n").filter((line) => line.startsWith("error C-99"))).toEqual([]);
    expect(text).toContain("seeds:a\\x1b[2J\\nerror C-99  nothing:1:1:12:3");
  });

  test("cuts a long list and says how much more there is", async () => {
    const text = await shown(Array(30).fill(FINDING), 100, 250);
    expect(text.match(/^error C-18/gm)).toHaveLength(25);
    expect(text).toStartWith("Needs a person: 250 open findings\n");
    expect(text).toEndWith("\n\n225 more: --json lists up to 200, with totals by check");
  });
});
