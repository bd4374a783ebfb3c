// Which lines of a cron table start the sweep: one that is missed fires beside the owner, for as long as nobody looks.
import { describe, expect, test } from "bun:test";
import { sweepLines } from "../../../../lib/cutover/schedule/owners.ts";

describe("sweepLines()", () => {
  test("finds every way in which a line may start the sweep", () => {
    for (const line of [
      "*/15 * * * * /home/x/state-hub-ops/scripts/consistency_check.ts --remote --all",
      "*/15 * * * * cd /srv && scripts/consistency_check.ts --all --max-seconds 300 --remote >> log 2>&1",
      "@hourly systemctl --user start custodian-sync.service",
      "  0 * * * * systemctl --user start state-hub-consistency-sweep.service",
      "*/15 * * * * curl -fsS -X POST http://127.0.0.1:8000/consistency/sweep/remote-all",
    ])
      expect(sweepLines(["MAILTO=ops", "", line])).toEqual([{ line: 3, text: line.trim() }]);
  });

  test("leaves comments, other commands and the sweep of one repository alone", () => {
    const lines = [
      "# */15 * * * * scripts/consistency_check.ts --remote --all",
      "   #custodian-sync",
      "0 3 * * * scripts/consistency_check.ts --remote --repo state-hub",
      "0 3 * * * scripts/cleanup_stale_tasks.ts --apply",
      "0 4 * * * custodian-synchronous",
    ];
    expect(sweepLines(lines)).toEqual([]);
  });
});
