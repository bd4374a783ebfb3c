// Writes a plan down while a dry run goes on. For a new plan new rows get new ids; to rehearse a saved one they get the ids
// that stand in it, so that both can be compared to the last byte.

import { canonical } from "../../canonical.ts";
import type { Reader } from "../../db/handles.ts";
import { OpsFailure } from "../../failure.ts";
import { namesIn } from "../reconcile_fleet.ts";
import type { RepoReading } from "../repo_reading.ts";
import type { ScopedRepo } from "../scope.ts";
import { CHECKER } from "../sight.ts";
import { readAgain } from "../sweep/edited_files.ts";
import { evidenceOf, hubIdentity, isNews, versionsOf } from "./evidence.ts";
import { idsFromPlan, isFirstPass } from "./ids_from_plan.ts";
import {
  newPlan,
  type PlanBody,
  type PlanEvidence,
  type PlannedEdit,
  type PlannedPass,
  type RefusedCorrection,
  type SavedPlan,
} from "./plan_document.ts";
import type { PlanWatch } from "./plan_watch.ts";
import { plannedFiles } from "./planned_edits.ts";
import { isEmpty, plannedRows } from "./planned_rows.ts";
import { scopeOfPlan } from "./scope_of_plan.ts";

export interface RecordTerms {
  readonly host: string;
  readonly run: PlanBody["run"];
  /** The plan to rehearse; null to make a new one. */
  readonly saved: SavedPlan | null;
}

export interface Recorder extends PlanWatch {
  /** What was written down so far. */
  document(): PlanBody;
}

interface Notes {
  hub: PlanBody["hub"] | undefined;
  inScope: PlanBody["in_scope"];
  vocabulary: PlanBody["vocabulary"];
  readonly read: Map<string, PlanEvidence>;
  /** The domains and topics that a repository's files name, as canonical texts. */
  readonly names: Map<string, ReadonlySet<string>>;
  readonly repos: Map<string, RepoNotes>;
}

interface RepoNotes {
  /** Handed out since the last plan for this repository was begun. */
  minted: string[];
  first: PlannedPass | null;
  after: PlannedPass | null;
  isNews: boolean;
  edits: PlannedEdit[];
  refused: RefusedCorrection[];
}

export function planRecorder(terms: RecordTerms): Recorder {
  const { saved, host, run } = terms;
  const notes: Notes = {
    hub: undefined,
    inScope: [],
    vocabulary: [],
    read: new Map(),
    names: new Map(),
    repos: new Map(),
  };
  const wanted = saved === null ? null : new Set(saved.repos.map(({ id }) => id));
  const concerns = (repoId: string) => wanted === null || wanted.has(repoId);
  return {
    scope: (sql, load) => scope(sql, load, terms, notes),
    concerns,
    read: (seen) => {
      notes.read.set(seen.repo.id, evidenceOf(seen));
      notes.names.set(seen.repo.id, new Set(namesIn(seen.reading).map((name) => canonical(name))));
    },
    // One after the other and in one order: what the first changes, the second sees, now and when it is applied.
    chosen: (read) =>
      read.filter(({ repo }) => concerns(repo.id)).toSorted((a, b) => (a.repo.slug < b.repo.slug ? -1 : 1)),
    vocabulary: (unknown) => {
      notes.vocabulary = unknown.map(({ domain, topic }) => ({ domain, topic })).toSorted(byName);
    },
    minter: (repoId, reading) => minter(repoId, reading, saved, notes),
    planned: async (tx, { repo, reading, hub, plan }) => {
      const mine = notesOf(notes, repo.id);
      const pass = { versions: await versionsOf(tx, hub), minted: mine.minted, rows: plannedRows(plan, hub) };
      if (reading.commit === notes.read.get(repo.id)?.commit) {
        mine.first = pass;
        mine.isNews = isNews(plan, hub);
      } else mine.after = pass;
    },
    edited: (repo, taken, corrections) => {
      if (!run.write_back) return null;
      const { edits, refused, edited } = plannedFiles(taken, corrections);
      Object.assign(notesOf(notes, repo.id), { edits, refused });
      // Nobody knows the id of a commit before it is made: zeros stand for it.
      const commit = "0".repeat(taken.reading.commit.length);
      return edited.length === 0 ? null : readAgain(taken.reading, commit, edited);
    },
    done: () => {},
    unfinished: () => null,
    document: () => document(notes, host, run, wanted),
  };
}

async function scope(
  sql: Reader,
  load: () => Promise<ScopedRepo[]>,
  { saved, host, run }: RecordTerms,
  notes: Notes,
): Promise<ScopedRepo[]> {
  notes.hub = await hubIdentity(sql);
  if (saved === null) {
    const repos = await load();
    notes.inScope = repos.map(({ id, slug }) => ({ id, slug }));
    return repos.map((repo) => withoutShortCuts(repo, run.write_back));
  }
  requireSameHub(saved, notes.hub, host);
  const { inScope, look } = await scopeOfPlan(sql, saved);
  notes.inScope = inScope;
  return look;
}

/** A plan is computed from files that were read, and owes them what a dry run would leave for later. */
function withoutShortCuts(repo: ScopedRepo, writesBack: boolean): ScopedRepo {
  if (writesBack && repo.pending) return { ...repo, passes: [] };
  return { ...repo, passes: repo.passes.map((pass) => ({ ...pass, tree: null })) };
}

/** @throws OpsFailure for a plan of another hub, of a copy of it, or of another host, whose checkouts are not here */
function requireSameHub(saved: SavedPlan, hub: PlanBody["hub"], host: string): void {
  const wrong = (observed: string, expected: string) =>
    new OpsFailure("Could not apply the plan", {
      observed,
      expected,
      hint: "Apply it where it was made, or make one here",
    });
  const [here, there] = [hub, saved.hub].map(
    ({ instance_id, system_identifier, database }) =>
      `the hub ${instance_id} in database ${database} of system ${system_identifier}`,
  );
  if (here !== there) throw wrong(`this is ${here}`, `${there}`);
  if (host !== saved.host) throw wrong(`this is ${host}`, `the host ${saved.host}`);
}

function minter(repoId: string, reading: RepoReading, saved: SavedPlan | null, notes: Notes): () => string {
  const mine = notesOf(notes, repoId);
  const minted: string[] = [];
  mine.minted = minted;
  const next =
    saved === null
      ? () => Bun.randomUUIDv7()
      : idsFromPlan(saved, repoId, isFirstPass(notes.read.get(repoId), reading));
  return () => {
    const id = next();
    minted.push(id);
    return id;
  };
}

function notesOf({ repos }: Notes, repoId: string): RepoNotes {
  const known = repos.get(repoId);
  if (known) return known;
  const made: RepoNotes = { minted: [], first: null, after: null, isNews: false, edits: [], refused: [] };
  repos.set(repoId, made);
  return made;
}

/** @param wanted the repositories of the plan that is rehearsed: they stay in it, also when nothing is left to write */
function document(notes: Notes, host: string, run: PlanBody["run"], wanted: ReadonlySet<string> | null): PlanBody {
  if (notes.hub === undefined) throw new Error("the run ended before it had begun");
  const read = [...notes.read.values()].toSorted((a, b) => (a.slug < b.slug ? -1 : 1));
  const repos = read.flatMap((evidence) => {
    const { first, after, edits, refused, isNews } = notesOf(notes, evidence.id);
    if (first === null) return [];
    const writes = isNews || edits.length > 0 || !isEmpty(first.rows);
    return wanted !== null || writes ? [{ ...evidence, ...first, edits, refused, after_push: after }] : [];
  });
  const planned = new Set(repos.map(({ id }) => id));
  return newPlan({
    made_at: new Date().toISOString(),
    checker: CHECKER,
    hub: notes.hub,
    host,
    run,
    in_scope: notes.inScope,
    // What only the others name is not made when this plan is applied.
    vocabulary: notes.vocabulary.filter((name) => repos.some(({ id }) => notes.names.get(id)?.has(canonical(name)))),
    repos,
    also_read: read.filter(({ id }) => !planned.has(id)),
  });
}

function byName(left: { domain: string; topic: string }, right: { domain: string; topic: string }): number {
  return `${left.domain}|${left.topic}` < `${right.domain}|${right.topic}` ? -1 : 1;
}
