// Attempts that are older than the stream's memory for ids: those that arrived are marked as published, the others may be
// sent as if for the first time. Without this a hub that comes back after hours would send some events twice.
import { findInStream } from "./find_in_stream.ts";
import { databaseTime, forgetAttempts, markPublished } from "./outbox_rows.ts";
import type { Pass, PassResult } from "./relay_pass.ts";

/** The database notes the attempt and the stream the arrival, each by its own clock: how far these may be apart. */
const CLOCKS_APART_MS = 600_000;

/**
 * @returns since when, by the database's clock, attempts of these are known to be the only ones
 * @throws Trouble; what the database throws; the signal's reason
 */
export async function settleStale(
  pass: Pick<Pass, "database" | "link" | "signal" | "onPublished">,
  stale: PassResult["stale"],
  silenceMs: number,
): Promise<string> {
  const { database, link, signal, onPublished } = pass;
  // Before the search begins: whatever arrives later is within the stream's memory from here on.
  const since = await databaseTime(database.sql);
  const first = Math.min(...stale.map(({ attempted_at }) => attempted_at.getTime()));
  const ids = stale.map(({ id }) => id);
  const found = await findInStream(link, {
    ids: new Set(ids),
    since: new Date(first - CLOCKS_APART_MS),
    silenceMs,
    signal,
  });
  onPublished(await markPublished(database.sql, [...found]));
  await forgetAttempts(
    database.sql,
    ids.filter((id) => !found.has(id)),
    since,
  );
  return since;
}
