// More findings than a report lists: they must all be counted, and cost the next sweep nothing.
import { expect } from "bun:test";
import { workplanText } from "./git_repo.ts";
import { sweptFleet } from "./swept_fleet.ts";

/** Problems that are reported of one file at most, see lib/workplan/limits.ts. */
const IN_ONE_FILE = 200;
const LISTED = 200;
/** A comparison of each finding with each took 15 s for 10,000, and would have hit the statement's deadline at 20,000. */
const AT_MOST_MS = 8_000;

/** Two sweeps over a repository with this many findings, a multiple of 200. */
export async function expectTruncated(findings: number): Promise<void> {
  const fleet = await sweptFleet();
  try {
    const files = Array.from({ length: findings / IN_ONE_FILE }, (_, at) => {
      const id = `MANY-WP-${String(at + 1).padStart(4, "0")}`;
      const tasks = Array.from({ length: IN_ONE_FILE }, (_, task) => ({
        id: `${id}-T${task + 1}`,
        status: "nonsense",
      }));
      return [`workplans/${id}.md`, workplanText({ id, tasks })] as const;
    });
    await fleet.add("many", { files: Object.fromEntries(files), checkout: false });
    await fleet.add("sound");
    for (const first of [true, false]) {
      const { report } = await fleet.sweep();
      expect(report).toMatchObject({ exit_code: 0, automation_error: null, truncated: true });
      expect(report.assessment_failures).toHaveLength(LISTED);
      expect(report.duration_ms).toBeLessThan(AT_MOST_MS);
      expect(Object.values(report.assessment_totals).reduce((sum, count) => sum + count)).toBe(findings);
      expect(report.repos_processed.map(({ slug }) => slug)).toEqual(first ? ["many", "sound"] : []);
      const [event] = await fleet.hub.database.sql`
        select jsonb_array_length(detail -> 'assessment_failures') as listed, detail -> 'assessment_totals' as totals
        from progress_events where id = ${report.run_id}`;
      expect({ ...event }).toEqual({ listed: LISTED, totals: report.assessment_totals });
    }
  } finally {
    await fleet.close();
  }
}
