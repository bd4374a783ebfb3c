// Takes the dump and the fingerprint of a live database in one exported snapshot, so that what is compared later is exact although
// others write all the while, and lets go of the snapshot as early as it can: vacuum stands still for as long as it is held.
import type { Snapshot } from "../../db/snapshot_sessions.ts";
import { describeFailure } from "../../failure.ts";
import type { PartSource } from "../../postgres/client/dump.ts";
import { readDatabaseLocale } from "../../postgres/disposable/database_locale.ts";
import { fingerprint } from "../../postgres/fingerprint/fingerprint.ts";
import type { Fingerprint } from "../../postgres/fingerprint/fingerprint_types.ts";
import { holdTables } from "../../postgres/fingerprint/hold_tables.ts";
import { readSequences } from "../../postgres/fingerprint/sequences.ts";
import { readInventory } from "../../postgres/inventory/read_inventory.ts";
import type { Stages } from "../stages.ts";
import type { Terms } from "../terms.ts";
import { together } from "../together.ts";
import { openDrillSnapshot } from "./drill_snapshot.ts";
import type { Facts, HubFacts, Outset } from "./facts.ts";
import type { LiveSource } from "./live_source.ts";
import { type Shares, sharesOf } from "./shares.ts";

/** The facts without the definitions: those are read from the archive, or beside it. */
export type Seen = Omit<Facts, "definitions">;

/** Takes what is to be kept; it may not use more than `jobs` sessions. */
type TakeDump<T> = (dump: PartSource, jobs: number, outset: Outset, snapshot: Snapshot) => Promise<T>;

/** What is looked at, for whom, and until when. */
export interface Capture {
  readonly source: LiveSource;
  readonly terms: Terms;
  readonly stages: Stages;
  readonly signal: AbortSignal;
  /** The dump is waited for: see sharesOf(). */
  readonly dumpFirst?: boolean;
}

/** @throws OpsFailure (automation) also when the server let go of the snapshot: restarted, a session ended, a lock not had in time */
export async function capture<T>(
  { source, terms, stages, signal, dumpFirst = false }: Capture,
  take: TakeDump<T>,
): Promise<{ readonly seen: Seen; readonly taken: T }> {
  const shares = sharesOf(terms.jobs, { dumpFirst });
  const { url } = source;
  const { lockWaitMs } = terms;
  const snapshot = await stages.run("Opening the snapshot", () =>
    openDrillSnapshot({ url, sessions: shares.fingerprint, lockWaitMs, signal }),
  );
  try {
    const either = AbortSignal.any([signal, snapshot.lost]);
    return await whileHeld(snapshot, { source, terms, stages, shares, signal: either }, take);
  } finally {
    await snapshot.close();
  }
}

interface Held extends Omit<Capture, "dumpFirst"> {
  readonly shares: Shares;
}

/** All that is done while the snapshot is held. */
async function whileHeld<T>(snapshot: Snapshot, { source, terms, stages, shares, signal }: Held, take: TakeDump<T>) {
  // What it cannot hold, when the server has no room for so many locks, the fingerprint finds out by itself.
  await stages.run("Holding the tables", () => holdTables(snapshot.holder));
  const outset = await stages.run("Reading the inventory", () => outsetOf(source, snapshot));
  const before = await readSequences(snapshot.holder);
  const dump: PartSource = { ...dumpSource(source, terms), snapshot: snapshot.id, query: snapshot.holder };
  const dumping = (signal: AbortSignal) => take({ ...dump, signal }, shares.dump, outset, snapshot);
  const { pause } = shares;
  const reading = (signal: AbortSignal) =>
    stages.run("Fingerprinting", (onProgress) => fingerprint(snapshot, { signal, onProgress, pause }));
  const [taken, print] = shares.atOnce
    ? await together(signal, [dumping, reading])
    : ([await dumping(signal), await reading(signal)] as const);
  return { taken, seen: await seenAtTheEnd({ outset, before, print, snapshot, terms }) };
}

function dumpSource({ url, programs }: LiveSource, { env, lockWaitMs, jobs }: Terms) {
  return { programs, url, env, lockWaitMs, nice: jobs === 1 };
}

async function outsetOf(source: LiveSource, { holder }: Snapshot): Promise<Outset> {
  // Of the transaction: the moment that the snapshot shows.
  const [row] = await holder<{ clock: string }>(
    `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as clock`,
  );
  const [locale, inventory] = [await readDatabaseLocale(holder), await readInventory(holder)];
  return { clock: row?.clock ?? "", source: source.server, locale, inventory };
}

interface AtTheEnd {
  readonly outset: Outset;
  readonly before: Seen["sequences"]["before"];
  readonly print: Fingerprint;
  readonly snapshot: Snapshot;
  readonly terms: Terms;
}

async function seenAtTheEnd({ outset, before, print, snapshot, terms }: AtTheEnd): Promise<Seen> {
  const after = await readSequences(snapshot.holder);
  const hub = await hubFacts(snapshot, terms, outset.clock);
  return { ...outset, fingerprint: print, sequences: { before, after }, hub };
}

/**
 * Last of all: a statement that a hub of another schema refuses ends the snapshot with it. A backup is worth having without the
 * summary, just then; a drill of it says that there was nothing to compare with.
 */
async function hubFacts(snapshot: Snapshot, { hub }: Terms, asOf: string): Promise<HubFacts | null> {
  let instance_id: string | null = null;
  try {
    const sql = await snapshot.sqlOfApplication();
    const identity = await hub.identityOf(sql);
    if (identity === null) return null;
    ({ instance_id } = identity);
    return { instance_id, as_of: asOf, summary: await hub.summaryAt(sql, asOf) };
  } catch (error) {
    snapshot.lost.throwIfAborted();
    return { instance_id, as_of: asOf, summary: null, unseen: describeFailure(error) };
  }
}
