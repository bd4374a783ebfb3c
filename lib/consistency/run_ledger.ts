// What happened in one run, written down as it happens: which repositories were seen and how, what was done, what could
// not be. The report is computed from it at the end, also when the end came early.
import { describeFailure, type OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { repoUnusable } from "./checks/c06_repo_unusable.ts";
import { type Finding, type HubFinding, toFinding } from "./finding.ts";
import type { OpenFinding, OpenFindings } from "./findings.ts";
import type { HumanGate } from "./human_gates.ts";
import { taskCounts, type WorkplanCounts, workplanCounts } from "./reading_counts.ts";
import type { RepoReading } from "./repo_reading.ts";
import type { AddedRepo } from "./repo_registry.ts";
import {
  type Actions,
  type AutomationError,
  exitCodeOf,
  LISTED_FINDINGS,
  NO_ACTIONS,
  type ProcessedRepo,
  type Report,
} from "./report.ts";
import type { ScopedRepo } from "./scope.ts";

export interface FleetResult {
  readonly report: Report;
  readonly registered: AddedRepo | null;
  /** What was left out or undecided although the run did its job. */
  readonly remarks: readonly string[];
  /** What the last complete pass counted in the repositories that were skipped as clean. */
  readonly cleanCounts: ReadonlyMap<string, WorkplanCounts>;
  readonly humanGates: readonly HumanGate[];
  readonly waived: number;
  /** What to try about the `automation_error`. */
  readonly hint: string | null;
}

export type RunTerms = Pick<Report, "source" | "mode" | "dry_run"> & { readonly strict: boolean };

const NO_FILES: WorkplanCounts = { found: 0, parsed: 0, failed: 0, ignored: 0 };
const NO_TASKS = { found: 0, parsed: 0, failed: 0 };
const NOTHING_OPEN: OpenFindings = { findings: [], totals: {}, errors: 0, truncated: false, waived: 0 };

export class RunLedger {
  readonly #terms: RunTerms;
  readonly #id = Bun.randomUUIDv7();
  readonly #startedAt = new Date();
  readonly #started = performance.now();
  #error: AutomationError | null = null;
  #hint: string | null = null;
  readonly #processed: ProcessedRepo[] = [];
  readonly #cleanCounts = new Map<string, WorkplanCounts>();
  readonly #remarks: string[] = [];
  /** Shown in this report alone: edits not committed, and what a dry run would create. */
  readonly #passing: OpenFinding[] = [];
  registered: AddedRepo | null = null;
  repos: readonly ScopedRepo[] = [];
  readonly clean: string[] = [];
  readonly missing: ScopedRepo[] = [];
  readonly unusable: HubFinding[] = [];

  constructor(terms: RunTerms) {
    this.#terms = terms;
  }

  /** The first failure is the report's; a later one is a remark, so that none is lost. */
  fail(failure: OpsFailure, repo: string | null): void {
    const message = describeFailure(failure);
    if (this.#error !== null) {
      this.remark(`${repo ?? "run"}: ${message}`);
      return;
    }
    this.#error = { check: "C-00", message, repo };
    this.#hint = failure.hint ?? null;
  }

  remark(text: string): void {
    this.#remarks.push(text);
  }

  skipClean(repo: ScopedRepo, counts: WorkplanCounts | null): void {
    this.clean.push(repo.slug);
    if (counts) this.#cleanCounts.set(repo.slug, counts);
  }

  /** C-06: it is there, but unknown is all that can be said of its workplans. */
  skipUnusable(repo: ScopedRepo, observed: string, hint?: string): void {
    const [path] = repo.checkouts;
    const fix = path === undefined ? repoUnusable.fix : repoUnusable.fix.replace("PATH", () => shellQuoted(path));
    const message = "The repository could not be read; its rows keep their last good values";
    const seen = { code: "unusable", subject: repo.slug, message, observed, hint: hint ?? null };
    this.unusable.push({ repoId: repo.id, ...toFinding(repoUnusable.id, repoUnusable.severity, fix, seen) });
    this.#processed.push(unread(repo));
  }

  /** A repository that was read: with nothing to do it counts as clean, but for its first time. */
  reconciled(
    repo: ScopedRepo,
    reading: RepoReading,
    done: { actions: Actions; wrote: boolean },
    durationMs: number,
  ): void {
    const seenBefore = repo.passes.length > 0 || repo.last_source_commit !== null;
    if (seenBefore && !done.wrote) {
      this.skipClean(repo, workplanCounts(reading));
      return;
    }
    this.#processed.push({
      slug: repo.slug,
      head: reading.commit,
      workplans: workplanCounts(reading),
      tasks: taskCounts(reading),
      actions: done.actions,
      duration_ms: Math.round(durationMs),
    });
  }

  /** What the checks say of edits that are not committed, beyond what they say of the commit. */
  edits(repo: ScopedRepo, { uncommitted }: RepoReading, findings: readonly Finding[]): void {
    const { length } = uncommitted;
    if (length === 0) return;
    const paths = uncommitted.map(({ path }) => path).join(", ");
    this.remark(
      `${repo.slug}: ${length} uncommitted ${length === 1 ? "edit was" : "edits were"} checked but not applied: ${paths}`,
    );
    this.showOnce(repo, findings);
  }

  /** The repository was read, but its transaction failed: nothing of it was written. */
  failRepo(repo: ScopedRepo, failure: OpsFailure): void {
    this.fail(failure, repo.slug);
    this.#processed.push(unread(repo));
  }

  showOnce(repo: ScopedRepo, findings: readonly Finding[]): void {
    this.#passing.push(
      ...findings.map(({ key: _, ...finding }) => ({ ...finding, repo: repo.slug, first_seen: null })),
    );
  }

  result(open: OpenFindings = NOTHING_OPEN, humanGates: readonly HumanGate[] = []): FleetResult {
    const failures = [...open.findings, ...this.#passing];
    const errors = open.errors + this.#passing.filter(({ severity }) => severity === "error").length;
    const { source, mode, dry_run, strict } = this.#terms;
    const report: Report = {
      run_id: this.#id,
      source,
      mode,
      dry_run,
      started_at: this.#startedAt.toISOString(),
      finished_at: new Date().toISOString(),
      duration_ms: Math.round(performance.now() - this.#started),
      max_seconds: null,
      lock_skipped: false,
      lock_holder: null,
      repos_total: this.repos.length,
      repos_processed: this.#processed.toSorted((left, right) => (left.slug < right.slug ? -1 : 1)),
      skipped_clean: this.clean.toSorted(),
      skipped_missing: this.missing.map(({ slug }) => slug),
      skipped_budget: [],
      automation_error: this.#error,
      assessment_failures: failures.slice(0, LISTED_FINDINGS),
      assessment_totals: withTotals(open.totals, this.#passing),
      truncated: open.truncated || failures.length > LISTED_FINDINGS,
      exit_code: exitCodeOf(this.#error, errors, strict),
    };
    const { registered, waived } = { registered: this.registered, waived: open.waived };
    return {
      report,
      registered,
      remarks: this.#remarks,
      cleanCounts: this.#cleanCounts,
      humanGates,
      waived,
      hint: this.#hint,
    };
  }
}

function unread({ slug }: ScopedRepo): ProcessedRepo {
  return { slug, head: null, workplans: NO_FILES, tasks: NO_TASKS, actions: NO_ACTIONS, duration_ms: 0 };
}

function withTotals(totals: Readonly<Record<string, number>>, more: readonly OpenFinding[]): Record<string, number> {
  const sums = { ...totals };
  for (const { check } of more) sums[check] = (sums[check] ?? 0) + 1;
  return sums;
}
