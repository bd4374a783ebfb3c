// One session of a copy, for the statements that make it ready and look at it.
import { openDatabase } from "../../db/connect.ts";
import { APPLICATION_NAME } from "../../postgres/client/libpq_environment.ts";
import type { Query } from "../../query.ts";
import type { Secret } from "../../secret.ts";

interface OneSession {
  readonly query: Query;
  close(): Promise<void>;
}

/** @throws OpsFailure (automation) when nobody answers */
export async function openSession(url: Secret): Promise<OneSession> {
  const database = await openDatabase({ url, applicationName: APPLICATION_NAME, access: "read-write" });
  const query: Query = async (text, parameters = []) =>
    [...(await database.sql.unsafe(text, [...parameters]))] as never;
  return { query, close: () => database.close() };
}
