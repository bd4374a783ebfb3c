// One drill from its beginning to its end. Whatever goes wrong on the way becomes a verdict with its reason, and everything that
// the run started or wrote is taken away before the verdict is told.
import { dirname, resolve } from "node:path";
import { describeFailure, OpsFailure } from "../failure.ts";
import { type Secret, scrubText } from "../secret.ts";
import { Closers } from "./closers.ts";
import { newDraft } from "./draft.ts";
import { judge } from "./judge.ts";
import { requireEvidenceFolder } from "./keep_evidence.ts";
import { lastingHint } from "./lasting_hint.ts";
import { drillLive } from "./live_drill.ts";
import type { DrillReport } from "./report.ts";
import { reportOf } from "./report_of.ts";
import type { Run } from "./run.ts";
import { Stages } from "./stages.ts";
import { drillStored, drillThroughStore } from "./stored_drill.ts";
import type { Terms } from "./terms.ts";
import { openWorkspace } from "./workspace.ts";

export interface AskedDrill {
  /** Opens the live database; null: only what is stored is asked. */
  readonly live: (() => Promise<Secret>) | null;
  /** Where backups are; null: none is kept. */
  readonly store: string | null;
  /** Of what is stored: the newest at this moment or before it; null: the newest. */
  readonly at: Date | null;
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
    if (terms.signal.aborted && draft.touched) terms.note(HALF_RESTORED);
    terms.signal.throwIfAborted();
    if (error instanceof OpsFailure && error.kind === "usage") throw error;
    draft.unverified.push(unverified(error, stages.failedIn(error)));
  } finally {
    for (const left of await closers.closeAll()) draft.remarks.push(`Could not tidy up: ${said(left)}`);
  }
  const folders = [root, ...(asked.store === null ? [] : [resolve(asked.store)])];
  for (const each of draft.unverified) each.hint = each.hint === null ? null : lastingHint(each.hint, folders);
  if (draft.touched && judge(draft).verdict !== "passed") draft.remarks.push(HALF_RESTORED);
  return reportOf(draft, { drillId: Bun.randomUUIDv7(), toolkit: terms.toolkit, stages: stages.done });
}

const HALF_RESTORED =
  "What was restored is left in the database that was named, for a look; to begin anew: dropdb it, createdb it, run again";

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
