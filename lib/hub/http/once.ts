// A request that may be sent again: its answer is stored under its Idempotency-Key in the transaction of its effect, so
// that there is either both or neither. A second one, also at the same moment, waits and gets the first one's answer.
import { againAfterRace, isCollision } from "../../db/again_after_race.ts";
import type { Database } from "../../db/connect.ts";
import type { Transaction } from "../../db/handles.ts";
import { idempotencyKey } from "./idempotency_key.ts";
import type { Asked, Reply } from "./offer.ts";
import { Problem } from "./problem.ts";
import { withoutLastSlashes } from "./request_names.ts";

type Request = Pick<Asked<undefined, undefined, undefined>, "method" | "target" | "header" | "text">;

/** For the description of each route that changes something. */
export const ONCE_HEADERS = {
  "idempotency-key":
    "Up to 255 characters of your choice: the same key again gives the same answer, and no second effect",
} as const;

interface Stored {
  readonly digest: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Runs `work` in one transaction; again, in another one, where it and somebody else's waited for each other.
 * @param work what it throws rolls everything back, the key included: the client may try again with it. It does nothing that
 * the transaction cannot take back
 * @throws Problem 422 for a key that was used for another request, or is none
 */
export async function once(
  database: Database,
  request: Request,
  work: (tx: Transaction) => Promise<Reply>,
): Promise<Reply> {
  const key = idempotencyKey(request.header("idempotency-key"));
  if (key === null) return inTransaction(database, work);
  const digest = await digestOf(request);
  return inTransaction(database, async (tx) => {
    const claimed = await tx`
      insert into idempotency_keys (key, digest) values (${key}, ${digest}) on conflict (key) do nothing returning key`;
    if (claimed.length === 0) return repeated(tx, key, digest);
    const reply = await work(tx);
    const [headers, body] = [JSON.stringify(reply.headers ?? {}), JSON.stringify(reply.body)];
    await tx`
      update idempotency_keys set status = ${reply.status}, headers = ${headers}::text::jsonb, body = ${body}
      where key = ${key}`;
    return reply;
  });
}

/** A sweep changes a repository's rows in an order of its own; the client cannot know of it, and need not. */
function inTransaction(database: Database, work: (tx: Transaction) => Promise<Reply>): Promise<Reply> {
  return againAfterRace(() => database.transaction(work), isCollision);
}

async function repeated(tx: Transaction, key: string, digest: string): Promise<Reply> {
  const [stored] = await tx<Stored[]>`select digest, status, headers, body from idempotency_keys where key = ${key}`;
  if (stored === undefined) throw new Problem(409, "Conflict", { detail: "The same request is under way: try again" });
  if (stored.digest !== digest)
    throw new Problem(422, "Idempotency key used", { detail: "This key was used for another request: take a new one" });
  const headers = { ...stored.headers, "idempotency-replayed": "true" };
  return { status: stored.status, headers, body: JSON.parse(stored.body) };
}

async function digestOf({ method, target, text }: Request): Promise<string> {
  const body = await text();
  const query = target.indexOf("?");
  const path = withoutLastSlashes(query === -1 ? target : target.slice(0, query));
  const asked = query === -1 ? path : `${path}${target.slice(query)}`;
  return new Bun.CryptoHasher("sha256").update(`${method} ${asked}\n${body}`).digest("hex");
}

/** Longer than any client goes on repeating itself. */
const KEPT_FOR = "7 days";

/** Takes keys out that nobody repeats any more. @returns how many */
export async function forgetOldKeys(database: Pick<Database, "sql">): Promise<number> {
  const { sql } = database;
  const rows = await sql`
    delete from idempotency_keys where key in (
      select key from idempotency_keys where created_at < now() - ${KEPT_FOR}::text::interval limit 10000)`;
  return rows.count;
}
