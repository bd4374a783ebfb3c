// One drill from its beginning to its end. Whatever goes wrong on the way becomes a verdict with its reason, and everything that
// the run started or wrote is taken away before the verdict is told.
import { dirname, resolve } from "node:path";
import { describeFailure, OpsFailure } from "../failure.ts";
import { type Secret, scrubText } from "../secret.ts";
import { Closers } from "./closers.ts";
import { type Draft, newDraft } from "./evidence/draft.ts";
import { judge } from "./evidence/judge.ts";
import { requireEvidenceFolder } from "./evidence/keep_evidence.ts";
import type { DrillReport } from "./evidence/report.ts";
import { type ReportHead, reportOf } from "./evidence/report_of.ts";
import { fewerSessions } from "./fewer_sessions.ts";
import { lastingHint } from "./lasting_hint.ts";
import { drillLive } from "./live_drill.ts";
import type { Run } from "./run.ts";
import { Stages } from "./stages.ts";
import { drillStored, drillThroughStore } from "./stored_drill.ts";
import type { Terms } from "./terms.ts";
import { openWorkspace } from "./workspace.ts";

/** What is to be drilled, and with what. */
export interface AskedDrill {
  /** Opens the live database; null: only what is stored is asked. */
  readonly live: (() => Promise<Secret>) | null;
  /** Where backups are; null: none is kept. */
  readonly store: string | null;
  /** Of what is stored: the newest at this moment or before it; null: the newest. */
  readonly at: Date | null;
  /** Of which database, where the store holds several; null: of the only one. */
  readonly database: string | null;
  /** age's public keys, or files of them; none: what is stored is not encrypted. */
  readonly recipients: readonly string[];
  /** A file with the key that opens it. */
  readonly identity: string | null;
  /** A database to restore into for real; null: a server that is thrown away. */
  readonly into: Secret | null;
}

/** @throws OpsFailure of kind usage alone, and the signal's reason when it was aborted */
export async function drill(asked: AskedDrill, terms: Terms): Promise<DrillReport> {
  const stages = new Stages(terms.onProgress);
  const draft = newDraft({ kind: asked.into === null ? "disposable" : "given", url: null });
  const closers = new Closers();
  let root = terms.workspace;
  try {
    requireEvidenceFolder(terms.home);
    const folder = await ownFolder(terms, closers);
    root = dirname(folder);
    await workOf({ terms, stages, draft, closers, into: asked.into, folder }, asked);
  } catch (error) {
    if (terms.signal.aborted && draft.touched) terms.note(halfRestored(draft));
    terms.signal.throwIfAborted();
    if (error instanceof OpsFailure && error.kind === "usage") throw error;
    draft.unverified.push(unverified(fewerSessions(error, terms.jobs), stages.failedIn(error)));
  } finally {
    for (const left of await closers.closeAll()) draft.remarks.push(`Could not tidy up: ${said(left)}`);
  }
  const folders = [root, ...(asked.store === null ? [] : [resolve(asked.store)])];
  for (const each of draft.unverified) each.hint = each.hint === null ? null : lastingHint(each.hint, folders);
  return reportAtEnd(draft, { drillId: Bun.randomUUIDv7(), toolkit: terms.toolkit, stages: stages.done });
}

/** What stands in a database that was named is not to be believed unless the drill passed, and is in the way of the next. */
function reportAtEnd(draft: Draft, head: ReportHead): DrillReport {
  const half = draft.touched && judge(draft).verdict !== "passed";
  if (half) draft.remarks.push(halfRestored(draft));
  const report = reportOf(draft, head);
  return half ? { ...report, hint: report.hint ?? draft.anew } : report;
}

function halfRestored({ anew }: Draft): string {
  const again = anew ?? "dropdb it, createdb it";
  return `What was restored is left in the database that was named, for a look; to begin anew: ${again}; then run again`;
}

function workOf(run: Run, asked: AskedDrill): Promise<void> {
  const { live, store, recipients } = asked;
  if (live === null) return drillStored(run, asked);
  if (store !== null || recipients.length > 0) return drillThroughStore(run, { ...asked, live });
  return drillLive(run, live);
}

async function ownFolder({ workspace, env, note, signal }: Terms, closers: Closers): Promise<string> {
  const opened = await openWorkspace({ folder: workspace, env, note, signal });
  closers.add(opened.close);
  return opened.folder;
}

function unverified(error: unknown, stage: string | null) {
  const reason = `${stage === null ? "" : `${stage}: `}${said(error)}`;
  return { reason, hint: error instanceof OpsFailure ? (error.hint ?? null) : null };
}

function said(error: unknown): string {
  return scrubText(describeFailure(error)).replace(/\s+/g, " ");
}
