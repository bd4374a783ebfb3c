import { idsIn } from "../../db/ids_in.ts";
import type { Check } from "../check.ts";

interface PendingRow {
  repo_id: string;
  path: string;
  corrections: number;
  since: string;
  problem: string | null;
}

// A hub that never writes back (no sweep of the remotes, or one that may not) has corrections waiting by design. What is
// told names no age: a finding that grows older would be a changed row on every run.
export const writebackPending: Check = {
  id: "C-15",
  name: "writeback_pending",
  severity: "warning",
  proves: "every correction of a file reaches its remote within an hour, and no two writers change one field in turn",
  fix: "Let the remote accept a push to its default branch; the next sweep writes the correction. The reasons: scripts/state_hub.ts status",
  *inRepo({ plan }) {
    for (const { path, subject, key, value, replaces, written } of plan.frozen) {
      yield {
        code: `alternating ${key}`,
        path,
        subject,
        message: `${key} goes back and forth; it is not written back until it has settled for a day`,
        // One of the two may be the file's alone: then no write of ours ever had it.
        observed: [...new Set([...written, value, replaces ?? ""])].filter(Boolean).sort().join(" and "),
        expected: "one value for a day",
        hint: "Look at who writes it, in the file's history (git log -p) and in the hub; correct the file by hand if it must be now",
      };
    }
  },
  async inHub(sql, repoIds) {
    const rows = await sql<PendingRow[]>`
      select repo_id, path, count(*)::int as corrections,
        to_char(min(created_at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as since,
        (array_agg(problem order by created_at, id) filter (where problem is not null))[1] as problem
      from writeback_intents
      where done_at is null and cancelled_at is null and repo_id in (${idsIn(sql, repoIds)})
        and exists (select from sweep_state where write_back)
      group by repo_id, path
      having min(created_at) < now() - interval '1 hour'`;
    return rows.map(({ repo_id, path, corrections, since, problem }) => ({
      code: "pending",
      repoId: repo_id,
      path,
      message: "Corrections of the file have not reached its remote for more than an hour",
      observed: `${corrections} ${corrections === 1 ? "correction" : "corrections"} since ${since}: ${problem ?? "not tried yet"}`,
    }));
  },
};
