// What happened in one run, written down as it happens: which repositories were seen and how, what was done, what could
// not be. The report is computed from it at the end, also when the end came early.
import { describeFailure, type OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import type { Check } from "./check.ts";
import { repoUnusable } from "./checks/c06_repo_unusable.ts";
import { type Finding, type HubFinding, type Observation, toFinding } from "./finding.ts";
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
  type LockHolder,
  NO_ACTIONS,
  type ProcessedRepo,
  type Report,
  whoHolds,
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
  /** The remotes were read, not local checkouts. */
  readonly isRemote: boolean;
}

export type RunTerms = Pick<Report, "source" | "mode" | "dry_run" | "max_seconds"> & {
  readonly strict: boolean;
  readonly remote: boolean;
  /** A saved plan is done: of the fleet only what is in it. */
  readonly applies: boolean;
  /** The name that whoever asked for the run knows it by; a new one unless given. */
  readonly runId?: string;
};

/** A run that took the fleet's lease and never gave it back. */
export interface AbandonedRun extends LockHolder {
  readonly runId: string | null;
  readonly maxSeconds: number | null;
}

/** What one run found out about a repository beside its rows: whether its source could be used, and what for next time. */
export type SourceOutcome =
  /** Its tip is known and, where something had changed, applied. */
  | { readonly state: "checked"; readonly tip: string }
  /** Its source could not be used. */
  | { readonly state: "failed"; readonly problem: string }
  /** Its tip is the one that was left unfinished a while ago: the next try comes after the back-off. */
  | { readonly state: "waiting" }
  /** Its tip is known, and could not be read or applied. */
  | { readonly state: "unread"; readonly tip: string; readonly problem: string }
  /** It was applied, but what its files need could not be published. */
  | { readonly state: "unpublished"; readonly tip: string; readonly problem: string };

const NO_FILES: WorkplanCounts = { found: 0, parsed: 0, failed: 0, ignored: 0 };
const NO_TASKS = { found: 0, parsed: 0, failed: 0 };
const NOTHING_OPEN: OpenFindings = { findings: [], totals: {}, errors: 0, truncated: false, waived: 0 };

export class RunLedger {
  readonly #terms: RunTerms;
  readonly id: string;
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
  /** By repository id; who is not in it was not looked at. */
  readonly outcomes = new Map<string, SourceOutcome>();
  /** About the sources of repositories, of those in `outcomes` alone. */
  readonly aboutSources: HubFinding[] = [];
  /** About checkouts on this host, by the repository whose checkouts were looked at. */
  readonly aboutCheckouts = new Map<string, HubFinding[]>();
  lockHolder: LockHolder | null = null;
  lockSkipped = false;

  constructor(terms: RunTerms) {
    this.#terms = terms;
    this.id = terms.runId ?? Bun.randomUUIDv7();
  }

  get isDryRun(): boolean {
    return this.#terms.dry_run;
  }

  /** Of the remotes of the whole fleet, for good. */
  get isSweep(): boolean {
    const { mode, applies, dry_run } = this.#terms;
    return mode === "remote-all" && !applies && !dry_run;
  }

  /** The first failure is the report's; a later one is a remark, so that none is lost. */
  fail(failure: OpsFailure, repo: string | null): void {
    const message = describeFailure(failure).toWellFormed();
    if (this.#error !== null) {
      this.remark(`${repo ?? "run"}: ${message}`);
      return;
    }
    this.#error = { check: "C-00", message, repo };
    this.#hint = failure.hint ?? null;
  }

  remark(text: string): void {
    this.#remarks.push(text.toWellFormed());
  }

  /** @param tip the commit that makes it so; null where nothing can be said of the source */
  skipClean(repo: ScopedRepo, counts: WorkplanCounts | null, tip: string | null): void {
    this.clean.push(repo.slug);
    if (counts) this.#cleanCounts.set(repo.slug, counts);
    if (tip !== null) this.outcomes.set(repo.id, { state: "checked", tip });
  }

  /** Its source is not there, or does not answer. */
  skipMissing(repo: ScopedRepo): void {
    this.missing.push(repo);
  }

  /**
   * A remote that does not answer: unknown is all that can be said of its workplans, and C-06 says it.
   * @param tip the commit that it names and does not give; null when it did not even say that much
   * @param sshConfig the configuration that ssh was given; null where the user's own is used
   */
  skipUnreachable(repo: ScopedRepo, observed: string, tip: string | null, sshConfig: string | null): void {
    this.skipMissing(repo);
    this.outcomes.set(repo.id, failedAt(tip, observed));
    const message = "The remote could not be read; its rows keep their last good values";
    const ask = `git ls-remote -- ${shellQuoted(repo.remote_url ?? repo.checkouts[0] ?? "URL")} HEAD`;
    const hint = sshConfig === null ? ask : `GIT_SSH_COMMAND=${shellQuoted(`ssh -F ${shellQuoted(sshConfig)}`)} ${ask}`;
    this.report(repo, repoUnusable, { code: "unreachable", subject: repo.slug, message, observed, hint });
  }

  /** It comes first next time. @param why in the words of a remark; null when it is the budget */
  skipUnreached(repo: ScopedRepo, why: string | null): void {
    if (why !== null) this.remark(`${repo.slug}: ${why}`);
  }

  /** Nothing new has come since it was left unfinished; another try comes later. */
  skipWaiting(repo: ScopedRepo, wasRead: boolean, problem: string, retryAt: string): void {
    if (wasRead) this.skipClean(repo, null, null);
    else this.skipMissing(repo);
    this.outcomes.set(repo.id, { state: "waiting" });
    this.remark(`${repo.slug}: not tried again before ${retryAt}, or a new commit: ${problem}`);
  }

  /** Corrections are noted, and this run may not write them: nobody should wait for them. */
  tellUnwritten(): void {
    const noted = this.#processed.reduce((sum, { actions }) => sum + actions.pending_writeback, 0);
    if (noted > 0)
      this.remark(`${noted} noted for files, and not written: this run may write back only with --write-back`);
  }

  /** Somebody else goes over the whole fleet: nothing was looked at, or what was seen is his. */
  skipLocked(holder: LockHolder | null): void {
    this.lockSkipped = true;
    this.lockHolder = holder;
    this.repos = [];
    this.clean.length = 0;
    this.missing.length = 0;
    this.outcomes.clear();
    this.aboutSources.length = 0;
    this.aboutCheckouts.clear();
    this.#processed.length = 0;
    this.#cleanCounts.clear();
  }

  /** The run before held the fleet's lease to its end: it was killed, or lost its host. */
  takeOver(run: AbandonedRun): void {
    this.remark(`${whoHolds(run)}, since ${run.since}, never ended; its lease was taken over`);
  }

  /** Somebody else has its lock. */
  skipHeld(repo: ScopedRepo, holder: LockHolder | null): void {
    this.skipUnreached(repo, `${whoHolds(holder)} is working on it`);
    if (this.#terms.mode !== "repo") return;
    this.lockSkipped = true;
    this.lockHolder = holder;
  }

  /**
   * C-06: it is there, but unknown is all that can be said of its workplans.
   * @param tip the commit that could not be read; null where there is none
   */
  skipUnusable(repo: ScopedRepo, observed: string, tip: string | null): void {
    this.#unusable(repo, "could not be read", observed, null);
    this.outcomes.set(repo.id, failedAt(tip, observed));
  }

  /** C-06 of a tip that was read, and that must not be applied as things stand: it is looked at again each time. */
  skipUnplaced(repo: ScopedRepo, observed: string, tip: string, hint: string): void {
    this.#unusable(repo, "was read, but not applied", observed, hint);
    this.outcomes.set(repo.id, { state: "checked", tip });
  }

  #unusable(repo: ScopedRepo, what: string, observed: string, hint: string | null): void {
    const [path] = repo.checkouts;
    const fix = path === undefined ? repoUnusable.fix : repoUnusable.fix.replace("PATH", () => shellQuoted(path));
    const message = `The repository ${what}; its rows keep their last good values`;
    this.report(repo, repoUnusable, { code: "unusable", subject: repo.slug, message, observed, hint: hint ?? fix });
    this.#processed.push(unread(repo));
  }

  /** A finding about the source of a repository that has an outcome. */
  report(repo: ScopedRepo, { id, severity, fix }: Check, seen: Observation): void {
    this.aboutSources.push({ repoId: repo.id, ...toFinding(id, severity, fix, seen) });
  }

  /** A repository that was read: with nothing to do it counts as clean, but for its first time. */
  reconciled(
    repo: ScopedRepo,
    reading: RepoReading,
    done: { actions: Actions; wrote: boolean },
    durationMs: number,
  ): void {
    const seenBefore = repo.passes.length > 0 || repo.last_source_commit !== null;
    this.outcomes.set(repo.id, { state: "checked", tip: reading.commit });
    if (seenBefore && !done.wrote) {
      this.skipClean(repo, workplanCounts(reading), reading.commit);
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

  /** It was applied, but what its files need could not be published: another try comes after a back-off. */
  unpublished({ id }: ScopedRepo, tip: string, problem: string): void {
    this.outcomes.set(id, { state: "unpublished", tip, problem: problem.toWellFormed() });
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
  failRepo(repo: ScopedRepo, failure: OpsFailure, tip: string): void {
    this.fail(failure, repo.slug);
    this.outcomes.set(repo.id, failedAt(tip, describeFailure(failure).toWellFormed()));
    this.#processed.push(unread(repo));
  }

  showOnce(repo: ScopedRepo, findings: readonly Finding[]): void {
    this.#passing.push(
      ...findings.map(({ key: _, ...finding }) => ({ ...finding, repo: repo.slug, first_seen: null })),
    );
  }

  /** Those in no other list: also what a run that failed had left to do. */
  #notReached(): string[] {
    const listed = new Set([...this.#processed, ...this.missing].map(({ slug }) => slug).concat(this.clean));
    return this.repos
      .map(({ slug }) => slug)
      .filter((slug) => !listed.has(slug))
      .toSorted();
  }

  result(open: OpenFindings = NOTHING_OPEN, humanGates: readonly HumanGate[] = []): FleetResult {
    const failures = [...open.findings, ...this.#passing];
    const errors = open.errors + this.#passing.filter(({ severity }) => severity === "error").length;
    const { source, mode, dry_run, max_seconds, strict } = this.#terms;
    const report: Report = {
      run_id: this.id,
      source,
      mode,
      dry_run,
      started_at: this.#startedAt.toISOString(),
      finished_at: new Date().toISOString(),
      duration_ms: Math.round(performance.now() - this.#started),
      max_seconds,
      lock_skipped: this.lockSkipped,
      lock_holder: this.lockHolder,
      repos_total: this.repos.length,
      repos_processed: this.#processed.toSorted((left, right) => (left.slug < right.slug ? -1 : 1)),
      skipped_clean: this.clean.toSorted(),
      skipped_missing: this.missing.map(({ slug }) => slug).toSorted(),
      skipped_budget: this.#notReached(),
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
      isRemote: this.#terms.remote,
    };
  }
}

function failedAt(tip: string | null, said: string): SourceOutcome {
  const problem = said.toWellFormed();
  return tip === null ? { state: "failed", problem } : { state: "unread", tip, problem };
}

function unread({ slug }: ScopedRepo): ProcessedRepo {
  return { slug, head: null, workplans: NO_FILES, tasks: NO_TASKS, actions: NO_ACTIONS, duration_ms: 0 };
}

function withTotals(totals: Readonly<Record<string, number>>, more: readonly OpenFinding[]): Record<string, number> {
  const sums = { ...totals };
  for (const { check } of more) sums[check] = (sums[check] ?? 0) + 1;
  return sums;
}
