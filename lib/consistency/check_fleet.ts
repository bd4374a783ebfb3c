// The main job: look at each repository, read those that changed, reconcile them with the hub one by one, then ask the
// hub-wide checks, and keep the whole as the run's report.
import type { Database, Transaction } from "../db/connect.ts";
import { databaseFailure, errorCode } from "../db/database_failure.ts";
import { describeFailure, OpsFailure } from "../failure.ts";
import { isAncestor } from "../git/identity.ts";
import { forEachAtMost } from "../pool.ts";
import { ensureVocabulary } from "./apply_plan.ts";
import { repoUnusable } from "./checks/c06_repo_unusable.ts";
import { addKnownClaims, addReading, Claims } from "./claims.ts";
import { type HubFinding, toFinding } from "./finding.ts";
import {
  findInEdits,
  findInHub,
  type OpenFinding,
  type OpenFindings,
  openFindings,
  storeFindings,
} from "./findings.ts";
import { Readings } from "./readings.ts";
import { type RepoResult, reconcileRepo, type SourceOrder } from "./reconcile_repo.ts";
import { type RepoReading, taskCounts, type WorkplanCounts, workplanCounts } from "./repo_reading.ts";
import { type AddedRepo, addRepo, slugOfPath } from "./repo_registry.ts";
import {
  type AutomationError,
  didNothing,
  exitCodeOf,
  LISTED_FINDINGS,
  NO_ACTIONS,
  type ProcessedRepo,
  type Report,
  type Source,
} from "./report.ts";
import { loadScope, type ScopedRepo } from "./scope.ts";
import { lookAt, type Seen, type Sighting } from "./sight.ts";
import { coverFindings } from "./waivers.ts";
import { type Writer, withWriter } from "./writer.ts";

export interface CheckOptions {
  /** Opens the hub; what it throws becomes the report's C-00. */
  readonly connect: () => Promise<Database>;
  readonly scope: { readonly all: true } | { readonly slug: string } | { readonly path: string };
  readonly host: string;
  readonly source: Source;
  readonly dryRun: boolean;
  /** Read every repository even if nothing seems to have changed. */
  readonly full: boolean;
  /** Open errors make the exit code 1. */
  readonly strict: boolean;
  readonly signal: AbortSignal;
  readonly progress: (message: string, count?: { done: number; total: number }) => void;
}

/** A task that waits for a person. */
export interface HumanGate {
  readonly repo: string;
  readonly task_id: string;
  readonly title: string;
  readonly intervention_note: string | null;
}

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

// git processes at once: they wait for the disk more than they compute.
const READERS = 4;

/**
 * Never throws for what it could not do: that is the report's `automation_error`.
 * @throws OpsFailure (usage) for a path or slug that names no repository; the signal's reason when aborted
 */
export async function checkFleet(options: CheckOptions): Promise<FleetResult> {
  const run = new Run(options);
  let database: Database | undefined;
  try {
    database = await options.connect();
    const result = await withWriter(database, options.dryRun, (writer) => run.perform(writer));
    options.signal.throwIfAborted();
    return result;
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof OpsFailure && error.kind === "usage") throw error;
    run.fail(databaseFailure("Could not finish the run", error), null);
    return run.result({ findings: [], totals: {}, errors: 0, truncated: false, waived: 0 }, []);
  } finally {
    await database?.close().catch(() => {});
  }
}

/** A repository that must be read. */
interface Changed {
  readonly repo: ScopedRepo;
  readonly sighting: Sighting;
  readonly order: SourceOrder;
}

/** The state of one run, from its first look to its report. */
class Run {
  readonly #options: CheckOptions;
  readonly #id = Bun.randomUUIDv7();
  readonly #startedAt = new Date();
  readonly #started = performance.now();
  #registered: AddedRepo | null = null;
  #error: AutomationError | null = null;
  #hint: string | null = null;
  readonly #repos: ScopedRepo[] = [];
  readonly #processed: ProcessedRepo[] = [];
  readonly #clean: string[] = [];
  readonly #cleanCounts = new Map<string, WorkplanCounts>();
  readonly #missing: ScopedRepo[] = [];
  readonly #found: ScopedRepo[] = [];
  readonly #unusable: HubFinding[] = [];
  readonly #remarks: string[] = [];
  /** Shown in this report alone: edits not committed, and what a dry run would create. */
  readonly #passing: OpenFinding[] = [];

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  async perform(writer: Writer): Promise<FleetResult> {
    this.#repos.push(...(await this.#scope(writer)));
    const changed = await this.#look();
    await this.#reconcile(writer, changed);
    if (this.#repos.length === 0)
      this.fail(nothingToCheck("no repository is registered", "scripts/state_hub.ts repo add PATH"), null);
    else if (this.#missing.length === this.#repos.length) {
      this.fail(
        nothingToCheck("no checkout of any repository was found on this host", "scripts/state_hub.ts repo list"),
        null,
      );
    }
    this.#options.progress("Asking the hub");
    return writer.write((tx) => this.#conclude(tx));
  }

  /** The first failure is the report's; a later one is a remark, so that none is lost. */
  fail(failure: OpsFailure, repo: string | null): void {
    const message = describeFailure(failure);
    if (this.#error !== null) {
      this.#remarks.push(`${repo ?? "run"}: ${message}`);
      return;
    }
    this.#error = { check: "C-00", message, repo };
    this.#hint = failure.hint ?? null;
  }

  async #scope(writer: Writer): Promise<ScopedRepo[]> {
    const { scope, host } = this.#options;
    if (!("path" in scope)) return loadScope(writer.sql, scope, host);
    let slug = await slugOfPath(writer.sql, scope.path, host);
    if (slug === null) {
      const request = { path: scope.path, host, slug: null, domain: null, remoteUrl: null };
      this.#registered = await writer.write((tx) => addRepo(tx, request));
      slug = this.#registered.slug;
    }
    return loadScope(writer.sql, { slug }, host);
  }

  async #look(): Promise<Changed[]> {
    const changed: Changed[] = [];
    for (const [index, repo] of this.#repos.entries()) {
      this.#options.signal.throwIfAborted();
      if (index % 50 === 0)
        this.#options.progress("Looking at repositories", { done: index, total: this.#repos.length });
      const seen = await lookAt(repo, this.#options.host, this.#options.full);
      if (seen.state === "missing") this.#missing.push(repo);
      else this.#found.push(repo);
      await this.#sort(repo, seen, changed);
    }
    return changed;
  }

  async #sort(repo: ScopedRepo, seen: Seen, changed: Changed[]): Promise<void> {
    if (seen.state === "unusable") this.#reportUnusable(repo, seen.observed);
    if (seen.state === "clean") {
      this.#clean.push(repo.slug);
      this.#cleanCounts.set(repo.slug, seen.pass.workplans);
    }
    if (seen.state !== "changed") return;
    const order = await orderOf(repo, seen.sighting);
    if (order === "forward" || order === "rewritten" || (order === "unknown" && this.#options.full)) {
      changed.push({ repo, sighting: seen.sighting, order: order === "forward" ? order : "rewritten" });
      return;
    }
    this.#clean.push(repo.slug);
    const why =
      order === "older"
        ? "its tip is older than the commit that was applied last"
        : "git cannot tell whether its tip is newer than the commit that was applied last (fetch, or read it with --full)";
    this.#remarks.push(`${repo.slug}: nothing was applied, ${why}`);
  }

  /** All are read before the first is applied: an id that stands in two of them must not go to the one read first. */
  async #reconcile(writer: Writer, changed: readonly Changed[]): Promise<void> {
    const claims = new Claims();
    const readings = new Readings();
    const names: { domain: string; topic: string }[] = [];
    const readable: Changed[] = [];
    let done = 0;
    await forEachAtMost(changed, READERS, async (each) => {
      this.#options.signal.throwIfAborted();
      this.#options.progress("Reading workplans", { done: done++, total: changed.length });
      try {
        const reading = await readings.read(each.repo.id, each.sighting);
        addReading(claims, each.repo.id, reading);
        names.push(...namesIn(reading));
        readable.push(each);
      } catch (error) {
        this.#reportUnusable(each.repo, describeFailure(error));
      }
    });
    if (readable.length === 0) return;
    await addKnownClaims(
      writer.sql,
      claims,
      readable.map(({ repo }) => repo.id),
    );
    if (names.length > 0) await writer.write((tx) => ensureVocabulary(tx, names));
    done = 0;
    await forEachAtMost(readable, writer.lanes, async (each) => {
      this.#options.signal.throwIfAborted();
      this.#options.progress("Reconciling", { done: done++, total: readable.length });
      await this.#reconcileOne(writer, each, claims, readings);
    });
  }

  async #reconcileOne(writer: Writer, each: Changed, claims: Claims, readings: Readings): Promise<void> {
    const { repo, sighting } = each;
    const started = performance.now();
    try {
      const reading = await readings.take(repo.id, sighting);
      const result = await writer.write((tx) => reconcileRepo(tx, { ...each, reading, claims, mayOrphan: false }));
      this.#reportReconciled(repo, reading, result, performance.now() - started);
    } catch (error) {
      if (isEverybodys(error)) throw error;
      this.fail(databaseFailure(`Could not reconcile ${repo.slug}`, error), repo.slug);
    }
  }

  #reportReconciled(
    repo: ScopedRepo,
    reading: RepoReading,
    { actions, findings }: RepoResult,
    durationMs: number,
  ): void {
    const edits = findInEdits(reading);
    const passing = this.#options.dryRun
      ? [...edits, ...findings.filter(({ severity }) => severity === "info")]
      : edits;
    this.#passing.push(...passing.map(({ key: _, ...finding }) => ({ ...finding, repo: repo.slug, first_seen: null })));
    if (reading.uncommitted.length > 0) {
      this.#remarks.push(
        `${repo.slug}: ${reading.uncommitted.length} uncommitted ${reading.uncommitted.length === 1 ? "edit was" : "edits were"} checked but not applied: ${reading.uncommitted.map(({ path }) => path).join(", ")}`,
      );
    }
    const seenBefore = repo.passes.length > 0 || repo.last_source_commit !== null;
    if (seenBefore && didNothing({ ...actions, pending_writeback: 0 })) {
      this.#clean.push(repo.slug);
      this.#cleanCounts.set(repo.slug, workplanCounts(reading));
      return;
    }
    this.#processed.push({
      slug: repo.slug,
      head: reading.commit,
      workplans: workplanCounts(reading),
      tasks: taskCounts(reading),
      actions,
      duration_ms: Math.round(durationMs),
    });
  }

  #reportUnusable(repo: ScopedRepo, observed: string): void {
    const fix = repoUnusable.fix.replace("PATH", repo.checkouts[0] ?? "PATH");
    const seen = {
      code: "unusable",
      subject: repo.slug,
      message: "The repository could not be read; its rows keep their last good values",
      observed,
    };
    this.#unusable.push({ repoId: repo.id, ...toFinding(repoUnusable.id, repoUnusable.severity, fix, seen) });
    this.#processed.push({
      slug: repo.slug,
      head: null,
      workplans: NO_FILES,
      tasks: NO_TASKS,
      actions: NO_ACTIONS,
      duration_ms: 0,
    });
  }

  /** Hub-wide checks, waivers, and the run's own row: the only thing that a run over unchanged input writes. */
  async #conclude(tx: Transaction): Promise<FleetResult> {
    const ids = this.#repos.map(({ id }) => id);
    const inHub = await findInHub(tx, ids);
    await storeFindings(tx, { origin: "hub", repoIds: ids, findings: [...inHub, ...this.#unusable], commit: null });
    await coverFindings(tx, ids);
    await this.#storePresence(tx);
    const [open, gates] = await Promise.all([openFindings(tx, ids, LISTED_FINDINGS), humanGates(tx, ids)]);
    const result = this.result(open, gates);
    if (!this.#options.dryRun) {
      const { report } = result;
      await tx`
        insert into progress_events (event_type, source, summary, detail)
        values (${`consistency_check_${report.mode}`}, ${report.source}, ${`exit ${report.exit_code}`}, ${JSON.stringify(report)}::text::jsonb)`;
    }
    return result;
  }

  async #storePresence(tx: Transaction): Promise<void> {
    const gone = this.#missing.filter(({ missing }) => !missing).map(({ id }) => id);
    const back = this.#found.filter(({ missing }) => missing).map(({ id }) => id);
    if (gone.length > 0)
      await tx`update repos set missing_since = now() where id in (select value::uuid from json_array_elements_text(${JSON.stringify(gone)}::text::json))`;
    if (back.length > 0)
      await tx`update repos set missing_since = null where id in (select value::uuid from json_array_elements_text(${JSON.stringify(back)}::text::json))`;
  }

  result(open: OpenFindings, gates: readonly HumanGate[]): FleetResult {
    const { source, dryRun, scope, strict } = this.#options;
    const failures = [...open.findings, ...this.#passing];
    const errors = open.errors + this.#passing.filter(({ severity }) => severity === "error").length;
    const report: Report = {
      run_id: this.#id,
      source,
      mode: "all" in scope ? "all" : "repo",
      dry_run: dryRun,
      started_at: this.#startedAt.toISOString(),
      finished_at: new Date().toISOString(),
      duration_ms: Math.round(performance.now() - this.#started),
      max_seconds: null,
      lock_skipped: false,
      lock_holder: null,
      repos_total: this.#repos.length,
      repos_processed: [...this.#processed].sort(bySlug),
      skipped_clean: [...this.#clean].sort(),
      skipped_missing: this.#missing.map(({ slug }) => slug),
      skipped_budget: [],
      automation_error: this.#error,
      assessment_failures: failures.slice(0, LISTED_FINDINGS),
      assessment_totals: withTotals(open.totals, this.#passing),
      truncated: open.truncated || failures.length > LISTED_FINDINGS,
      exit_code: exitCodeOf(this.#error, errors, strict),
    };
    return {
      report,
      registered: this.#registered,
      remarks: this.#remarks,
      cleanCounts: this.#cleanCounts,
      humanGates: gates,
      waived: open.waived,
      hint: this.#hint,
    };
  }
}

function withTotals(totals: Readonly<Record<string, number>>, more: readonly OpenFinding[]): Record<string, number> {
  const sums = { ...totals };
  for (const { check } of more) sums[check] = (sums[check] ?? 0) + 1;
  return sums;
}

function nothingToCheck(observed: string, hint: string): OpsFailure {
  return new OpsFailure("Could not check anything", { observed, hint });
}

const NO_FILES: WorkplanCounts = { found: 0, parsed: 0, failed: 0, ignored: 0 };
const NO_TASKS = { found: 0, parsed: 0, failed: 0 };

function bySlug(left: { slug: string }, right: { slug: string }): number {
  return left.slug < right.slug ? -1 : 1;
}

async function orderOf(repo: ScopedRepo, { checkout, tip }: Sighting): Promise<SourceOrder> {
  const last = repo.last_source_commit;
  if (last === null || last === tip.commit) return "forward";
  const forward = await isAncestor(checkout, last, tip.commit);
  if (forward === null) return "unknown";
  if (forward) return "forward";
  return (await isAncestor(checkout, tip.commit, last)) ? "older" : "rewritten";
}

// SQLSTATE classes of errors that one repository's data can cause: data exception, integrity, program limits, syntax.
const ONE_REPOS_OWN = /^(22|23|42|54)/;

/** Whether an error means that the run cannot go on: anything but what one repository's data, or a bug met there, causes. */
function isEverybodys(error: unknown): boolean {
  if (error instanceof OpsFailure) return true;
  const code = errorCode(error);
  return code === "" ? !(error instanceof TypeError || error instanceof RangeError) : !ONE_REPOS_OWN.test(code);
}

function namesIn(reading: RepoReading): { domain: string; topic: string }[] {
  return reading.files.flatMap(({ reading: file }) =>
    file.state === "parsed" ? [{ domain: file.workplan.domain, topic: file.workplan.topicSlug }] : [],
  );
}

async function humanGates(tx: Transaction, repoIds: readonly string[]): Promise<HumanGate[]> {
  const rows = await tx<HumanGate[]>`
    select repos.slug as repo, t.task_id, t.title, t.intervention_note
    from tasks t join repos on repos.id = t.repo_id join workstreams w on w.id = t.workstream_id
    where t.needs_human and t.orphaned_at is null and t.status not in ('done', 'cancelled') and w.status in ('active', 'blocked')
      and t.repo_id in (select value::uuid from json_array_elements_text(${JSON.stringify(repoIds)}::text::json))
    order by repos.slug, t.task_id limit 50`;
  return [...rows];
}
