// A first look at the remotes: one `git ls-remote` each tells whether anything can have changed; what has is fetched into
// its mirror. The oldest check comes first, so that a budget that ends too early starves nobody.
import { resolve } from "node:path";
import { describeFailure } from "../../failure.ts";
import { fetchTip, openMirror } from "../../git/mirror/mirror.ts";
import { type Asked, askRemote } from "../../git/remote/ask_remote.ts";
import { remoteOf } from "../../git/remote/remote.ts";
import { BudgetUsedUp } from "../budget.ts";
import { type Changed, LOOK_SHARE, type LookOptions } from "../look_at_fleet.ts";
import type { RunLedger } from "../run_ledger.ts";
import type { RunLocks } from "../run_locks.ts";
import { REMOTE_SOURCE, type ScopedRepo } from "../scope.ts";
import { isCurrent, lookAt, type RemoteSource } from "../sight.ts";
import { isWaitingWith, type RepoState, wasRead } from "./back_off.ts";
import { checkoutsBehind, followCheckouts } from "./follow_checkouts.ts";
import { inLanes } from "./lanes.ts";
import type { Reach } from "./reach.ts";
import { inTurn, orderForSweep } from "./sweep_order.ts";
import type { SweepState } from "./sweep_state.ts";

export interface RemoteLook extends LookOptions {
  readonly reach: Reach;
  readonly locks: RunLocks;
  readonly state: SweepState;
  /** One repository was asked for, by somebody who waits for it. */
  readonly single: boolean;
}

const ASK_MS = 10_000;
const FETCH_MS = 60_000;
const LONGEST_FETCH_MS = 3_600_000;
/** Repositories that failed last time, at once: most of the lanes stay free for the others. */
const FAILING_AT_ONCE = 2;
const FAILING = "failing";
// A remote that had this share of the time and did not answer has failed; one that was begun late has only not been reached.
const FAIR_SHARE = 0.5;

interface Candidate {
  readonly repo: ScopedRepo;
  readonly state: RepoState | null;
  readonly isFailing: boolean;
}

interface Seen {
  readonly source: RemoteSource;
  readonly branch: string;
  readonly commit: string;
}

/** Looks at every repository of the ledger, notes the ones to skip there, and fetches and gives the ones to read. */
export async function lookAtRemotes(ledger: RunLedger, options: RemoteLook): Promise<Changed[]> {
  const { budget, reach, signal, progress } = options;
  const candidates = candidatesOf(ledger, options);
  const changed: Changed[] = [];
  const hosts = new Map(candidates.map(({ repo }) => [repo.id, hostOf(repo)]));
  let done = 0;
  const lanes = {
    atOnce: reach.atOnce,
    groupOf: ({ repo, isFailing }: Candidate) => (isFailing ? FAILING : (hosts.get(repo.id) ?? "")),
    atOnceIn: (group: string) => (group === FAILING ? FAILING_AT_ONCE : group === "" ? reach.atOnce : reach.perHost),
  };
  await budget.within(LOOK_SHARE, signal, (within) =>
    inLanes(candidates, lanes, async (candidate) => {
      signal.throwIfAborted();
      if (within.aborted && done > 0) return ledger.skipUnreached(candidate.repo, null);
      progress("Asking the remotes", { done: done++, total: candidates.length });
      const found = await lookAtOne(candidate, ledger, { ...options, signal: within, outer: signal });
      if (found !== null) changed.push(found);
    }),
  );
  return changed;
}

/** In the order in which they are asked. Those that wait after a failure are not: their remote was away a moment ago. */
function candidatesOf(ledger: RunLedger, { state, reach }: RemoteLook): Candidate[] {
  const stateOf = (repo: ScopedRepo) => state.repos.get(repo.id) ?? null;
  const order = orderForSweep(ledger.repos, stateOf, { now: state.now, manual: reach.manual });
  for (const repo of order.waiting) {
    const { problem, retry_at } = stateOf(repo) ?? {};
    ledger.skipMissing(repo);
    ledger.remark(`${repo.slug}: not asked before ${retry_at}: ${problem ?? "it failed"}`);
  }
  return inTurn(order).map(({ repo, isFailing }) => ({ repo, state: stateOf(repo), isFailing }));
}

interface LookNow extends RemoteLook {
  /** Aborted only when the run itself ends; `signal` also when the share for looking is used up. */
  readonly outer: AbortSignal;
}

/** @returns the repository when it must be read; else the ledger was told */
async function lookAtOne(candidate: Candidate, ledger: RunLedger, options: LookNow): Promise<Changed | null> {
  const { repo } = candidate;
  const started = performance.now();
  try {
    const found = await findTip(repo, ledger, options);
    return found === null ? null : await compare(candidate, found, ledger, options);
  } catch (error) {
    options.outer.throwIfAborted();
    if (!(error instanceof BudgetUsedUp)) {
      ledger.skipUnreachable(
        repo,
        describeFailure(error),
        error instanceof UnreadTip ? error.tip : null,
        sshConfigFor(repo, options),
      );
      return null;
    }
    const hadTime = performance.now() - started >= FAIR_SHARE * options.budget.shareMs(LOOK_SHARE);
    ledger.skipUnreached(repo, hadTime ? CUT : null);
    if (hadTime) ledger.outcomes.set(repo.id, { state: "failed", problem: CUT });
    return null;
  }
}

const CUT = "no answer within the budget";

/** The tip against the last complete pass, and the checkouts on this host against the tip. */
async function compare(
  { repo, state }: Candidate,
  found: Seen,
  ledger: RunLedger,
  options: LookNow,
): Promise<Changed | null> {
  const { branch, commit } = found;
  const pass = repo.passes.find(({ source }) => source === REMOTE_SOURCE);
  const tip = { branch, commit, checkedOut: false };
  const at = { now: options.state.now, manual: options.reach.manual, tip: commit };
  if (state !== null && isWaitingWith(state, at)) {
    ledger.skipWaiting(repo, wasRead(state), state.problem ?? "it failed", state.retry_at ?? "the next failure");
    return null;
  }
  const owed = options.reach.writeBack && repo.pending;
  const clean = pass !== undefined && !options.full && !owed && isCurrent(pass, repo, { tip, workTree: NO_WORK_TREE });
  if (clean) {
    ledger.skipClean(repo, pass.workplans, commit);
    await follow(repo, found, ledger, options);
    return null;
  }
  const fetched = await options.locks.inRepo(repo.id, options.signal, () => fetchSeen(repo, found, options));
  if ("done" in fetched) return fetched.done;
  ledger.skipHeld(repo, fetched.heldBy);
  return null;
}

/** Nothing is to be read; checkouts that have not followed yet are tried again. What goes wrong is about them alone. */
async function follow(repo: ScopedRepo, found: Seen, ledger: RunLedger, options: LookNow): Promise<void> {
  if (!options.reach.writeBack) return;
  if (!checkoutsBehind(repo, found.branch, found.commit)) {
    ledger.aboutCheckouts.set(repo.id, []);
    return;
  }
  try {
    await options.locks.inRepo(repo.id, options.signal, async () => {
      const { sighting } = await fetchSeen(repo, found, options);
      await followCheckouts(repo, sighting, ledger, options.host);
    });
  } catch (error) {
    options.outer.throwIfAborted();
    ledger.remark(`${repo.slug}: its checkouts could not be looked at: ${describeFailure(error)}`);
  }
}

const NO_WORK_TREE = "none";

/** @returns null when the ledger was told why there is none */
async function findTip(repo: ScopedRepo, ledger: RunLedger, options: LookNow): Promise<Seen | null> {
  if (repo.remote_url === null) return findOwnTip(repo, ledger, options);
  const remote = remoteOf(absoluteUrl(repo));
  const asked: Asked = await askRemote(remote, options.reach.access, {
    knownBranch: repo.default_branch,
    deadlineMs: ASK_MS,
    signal: options.signal,
  });
  if (asked.state === "tip") return { source: { remote, own: null }, branch: asked.branch, commit: asked.commit };
  ledger.skipUnreachable(repo, asked.observed, null, sshConfigFor(repo, options));
  return null;
}

/** A repository without a remote is its own: the checkout on this host that a local run would read. */
async function findOwnTip(repo: ScopedRepo, ledger: RunLedger, { host }: LookNow): Promise<Seen | null> {
  const seen = await lookAt(repo, host, true);
  if (seen.state === "missing") ledger.skipMissing(repo);
  else if (seen.state === "unusable") ledger.skipUnreachable(repo, seen.observed, null, null);
  else {
    const { checkout, tip } = seen.sighting;
    return { source: { remote: remoteOf(checkout.path), own: checkout }, branch: tip.branch, commit: tip.commit };
  }
  return null;
}

/** @throws UnreadTip when the remote told its tip and does not give it: another try comes later, or with another tip */
async function fetchSeen(
  repo: ScopedRepo,
  { source, branch, commit }: Seen,
  { reach, single, budget, signal }: LookNow,
): Promise<Changed> {
  try {
    const mirror = await openMirror(reach.home, mirrorName(repo), commit);
    // A person who asks for one repository waits for it: its first fetch may be long.
    const deadlineMs = single ? Math.max(FETCH_MS, Math.min(budget.leftMs(), LONGEST_FETCH_MS)) : FETCH_MS;
    const tip = await fetchTip(mirror, source.remote, reach.access, { branch, commit }, { deadlineMs, signal });
    const rest = { source: REMOTE_SOURCE, workTree: NO_WORK_TREE, racy: false, remote: source };
    return { repo, sighting: { checkout: mirror, tip, ...rest } };
  } catch (error) {
    signal.throwIfAborted();
    throw new UnreadTip(commit, { cause: error });
  }
}

class UnreadTip extends Error {
  readonly tip: string;
  constructor(tip: string, options: ErrorOptions) {
    super("", options);
    this.tip = tip;
  }
}

/** By id, because a slug may be given to another repository; with the slug, for whoever looks into the folder. */
function mirrorName({ id, slug }: ScopedRepo): string {
  return `${slug.replace(/[^\w.-]+/g, "_").slice(0, 60)}-${id}`;
}

/** `../other.git` is meant from where the repository was cloned to. */
function absoluteUrl({ remote_url: url, checkouts }: ScopedRepo): string {
  const [from] = checkouts;
  if (url === null || from === undefined || !/^\.{1,2}\//.test(url)) return url ?? "";
  return resolve(from, url);
}

function sshConfigFor({ remote_url: url }: ScopedRepo, { reach }: LookNow): string | null {
  return url === null || url.startsWith("https:") || url.startsWith("/") ? null : reach.sshConfig;
}

function hostOf(repo: ScopedRepo): string {
  try {
    return repo.remote_url === null ? "" : remoteOf(repo.remote_url).host;
  } catch {
    return "";
  }
}
