// What a report tells people to type: hostile names are words in it and nothing more, and it works on what it names.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import type { OpenFinding } from "../../../lib/consistency/findings.ts";
import { dryRunOf, nextCommand } from "../../../lib/consistency/next_command.ts";
import { RunLedger } from "../../../lib/consistency/run_ledger.ts";
import { makeRepo, temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

/** The words that a shell makes of the command, without running it; what stands in `$(...)` would run. */
function wordsOf(command: string): string[] {
  const { stdout } = Bun.spawnSync(["bash", "-c", `printf '%s\\0' ${command}`], { env: environmentForPrograms() });
  return stdout.toString().split("\0").slice(0, -1);
}

function finding(seen: Partial<OpenFinding>): OpenFinding {
  const place = { path: "workplans/A-WP-0001.md", line: 1, column: 1, subject: "A-WP-0001" };
  const said = { message: "", observed: null, expected: null, hint: null, first_seen: "2026-11-21T03:00:00Z" };
  return { check: "C-11", severity: "warning", repo: "a-repo", ...place, ...said, ...seen };
}

function nextAfter(seen: Partial<OpenFinding>, given: string | null = null): string {
  const ledger = new RunLedger({
    source: "manual",
    mode: "all",
    dry_run: false,
    max_seconds: null,
    remote: false,
    applies: false,
    strict: true,
  });
  const open = { findings: [finding(seen)], totals: {}, errors: 0, truncated: false, waived: 0 };
  return nextCommand(ledger.result(open), given);
}

describe("nextCommand()", () => {
  test("after a task id that is a shell command names the repository, and nothing in the report would run it", async () => {
    const pwned = join(folder.path, "pwned");
    const id = `x$(touch ${pwned}); y`;
    const repo = await makeRepo(folder.path, "hostile", {
      "workplans/HO-WP-0001.md": workplanText({ id: "HO-WP-0001", tasks: [{ id: JSON.stringify(id) }] }),
    });
    const result = await hub.check({ path: repo.path });
    expect(result.report.assessment_failures[0]).toMatchObject({ check: "C-18", subject: id });
    const next = nextCommand(result, repo.path);
    expect(next).toBe("scripts/consistency_check.ts --repo hostile --dry-run");
    expect(wordsOf(nextAfter({ subject: id }))).toEqual(["scripts/state_hub.ts", "explain", id]);
    expect(existsSync(pwned)).toBe(false);
  });

  test("after a dry run of a path with spaces and quotes names that path", async () => {
    const repo = await makeRepo(folder.path, `it's "a" $& folder`, { "README.md": "Nothing here.\n" });
    const next = nextCommand(await hub.check({ path: repo.path }, { dryRun: true }), repo.path);
    expect(wordsOf(next)).toEqual(["scripts/consistency_check.ts", "--repo", repo.path]);
  });

  test.each([
    ["a conflict", { check: "C-11" }, "scripts/state_hub.ts explain A-WP-0001"],
    ["an id that is not its row's", { check: "C-09", expected: "0190" }, "scripts/state_hub.ts explain A-WP-0001"],
    ["an id of a file without a row", { check: "C-09" }, "scripts/consistency_check.ts --repo a-repo --dry-run"],
    ["a stale workplan", { check: "C-22" }, "scripts/state_hub.ts explain A-WP-0001"],
    [
      "a repository that is gone",
      { check: "C-22", path: null },
      "scripts/consistency_check.ts --repo a-repo --dry-run",
    ],
    ["a duplicate", { check: "C-05" }, "scripts/consistency_check.ts --repo a-repo --dry-run"],
    ["an edit", { check: "C-20", first_seen: null }, "scripts/consistency_check.ts --repo a-repo --dry-run"],
    ["no subject", { check: "C-01", subject: null }, "scripts/consistency_check.ts --repo a-repo --dry-run"],
  ])("after %s explains the row where there is one", (_, seen, wanted) => {
    expect(nextAfter(seen)).toBe(wanted);
  });

  test("does not give a slug with a dot as --repo, which would take it for a path", () => {
    expect(dryRunOf("site.example")).toBe("scripts/consistency_check.ts --all --dry-run");
    expect(dryRunOf("site.example", "../site.example")).toBe(
      "scripts/consistency_check.ts --repo ../site.example --dry-run",
    );
  });
});
