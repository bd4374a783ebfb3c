import { describe, expect, test } from "bun:test";
import { renderReport } from "../../../lib/consistency/report_view.ts";
import { RunLedger } from "../../../lib/consistency/run_ledger.ts";
import { plainView } from "../../support/plain_view.ts";

function ledgerOf(dryRun: boolean): RunLedger {
  return new RunLedger({
    source: "manual",
    mode: "all",
    dry_run: dryRun,
    max_seconds: null,
    remote: false,
    applies: false,
    strict: true,
  });
}

async function totals(dryRun: boolean, created: number, updated: number): Promise<string> {
  const result = ledgerOf(dryRun).result();
  const repo = {
    slug: "one",
    head: "0123456789abcdef",
    workplans: { found: 1, parsed: 1, failed: 0, ignored: 0 },
    tasks: { found: 0, parsed: 0, failed: 0 },
    actions: { created, updated, orphaned: 0, written_back: 0, pending_writeback: 0 },
    duration_ms: 1,
  };
  const report = { ...result.report, repos_total: 1, repos_processed: [repo] };
  return (
    renderReport({ ...result, report }, await plainView())
      .split("\n")
      .at(-1) ?? ""
  );
}

describe("renderReport()", () => {
  test("counts rows as done after a run, and as what would be done after a dry run", async () => {
    expect(await totals(false, 25, 3)).toContain("; 25 rows created, 3 updated; ");
    expect(await totals(false, 1, 0)).toContain("; 1 row created, 0 updated; ");
    expect(await totals(true, 25, 3)).toContain("; 25 rows would be created, 3 would be updated; ");
  });

  test("shows a path that holds a line as one line", async () => {
    const ledger = ledgerOf(false);
    ledger.registered = { id: "0190", slug: "one", path: "/srv/a\ndone: all is well", outcome: "new" };
    const [head] = renderReport(ledger.result(), await plainView()).split("\n");
    expect(head).toBe("one was not registered: registered /srv/a\\ndone: all is well");
  });
});
