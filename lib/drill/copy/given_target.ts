// A database that somebody named, to be restored into for real. It must be empty, take writes, and not be the one that the rows
// come from: a restore adds to what is there, and takes nothing of it away.
import { OpsFailure } from "../../failure.ts";
import { readDatabaseLocale } from "../../postgres/disposable/database_locale.ts";
import type { Query } from "../../query.ts";
import { printableUrl, type Secret } from "../../secret.ts";
import { type ServerIdentity, serverIdentity } from "../source/live_source.ts";
import type { CopyTarget } from "./copy_target.ts";
import { anewCommands } from "./createdb_command.ts";
import { openSession } from "./one_session.ts";
import { readMark } from "./restore_mark.ts";
import { SOMEBODYS_OBJECTS } from "./somebodys_objects.ts";

/** @throws OpsFailure (automation) when the database is not fit to be restored into; nothing was changed in it */
export async function givenTarget(url: Secret, source: ServerIdentity): Promise<Omit<CopyTarget, "scratch">> {
  const server = await serverIdentity(url, "the database to restore into");
  refuseLive(server, source, url);
  const session = await openSession(url);
  try {
    await requireUnmarked(session.query, { url, server });
    await requireEmpty(session.query, url);
    return { kind: "given", url, server, query: session.query, close: session.close };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function refuseLive(target: ServerIdentity, source: ServerIdentity, url: Secret): void {
  const where = printableUrl(url.reveal());
  const same = target.system_identifier === source.system_identifier && target.database_oid === source.database_oid;
  if (same)
    throw new OpsFailure("Could not restore into this database", {
      observed: "it is the one that the rows come from, perhaps under another address",
      expected: "another database, new and empty",
      where,
      hint: "createdb --template=template0 NEW_DATABASE",
    });
  if (target.standby)
    throw new OpsFailure("Could not restore into this database", {
      observed: "its server is a standby: it takes no writes",
      expected: "the address of the primary",
      where,
    });
}

/** What a run that was killed leaves may look whole. */
async function requireUnmarked(query: Query, { url, server }: Pick<CopyTarget, "url" | "server">): Promise<void> {
  const mark = await readMark(query);
  if (mark === null) return;
  throw new OpsFailure("Could not restore into this database", {
    observed: `its comment says: ${mark}. A run failed there or was killed, or is still at work`,
    expected: "a new database",
    where: printableUrl(url.reveal()),
    hint: anewCommands({ url, database: server.database, locale: await readDatabaseLocale(query) }),
  });
}

async function requireEmpty(query: Query, url: Secret): Promise<void> {
  const found = await query<{ what: string }>(SOMEBODYS_OBJECTS);
  if (found.length === 0) return;
  throw new OpsFailure("Could not restore into this database", {
    observed: `it is not empty: ${found.map(({ what }) => what).join(", ")}${found.length === 3 ? " ..." : ""}`,
    expected: "a new database",
    where: printableUrl(url.reveal()),
    hint: "createdb --template=template0 NEW_DATABASE",
  });
}
