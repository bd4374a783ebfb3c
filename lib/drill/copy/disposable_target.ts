// A server of its own for one copy: of the source's version, with the source's locale, gone with all its rows when the drill ends.
import { serverDataDirectory } from "../../db/connect.ts";
import { createDatabaseLike } from "../../postgres/disposable/database_locale.ts";
import { type DisposableServer, startDisposable } from "../../postgres/disposable/start_disposable.ts";
import type { Outset } from "../source/facts.ts";
import { serverIdentity } from "../source/live_source.ts";
import type { CopyTarget } from "./copy_target.ts";
import { openSession } from "./one_session.ts";

/** It cannot be the name of a copied database by chance. */
const SCRATCH = "backup_restore_drill_scratch";

interface DisposableTerms {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
  readonly nice: boolean;
}

/** A server that is up, and no copy in it yet: it can start before the source is known in full. */
export function startServer(
  { folder, env, signal, nice }: DisposableTerms,
  { major, superuser }: { readonly major: number; readonly superuser: string },
): Promise<DisposableServer> {
  return startDisposable({ folder, major, superuser, env, signal, nice, connect: serverDataDirectory });
}

/** @returns an empty database with the source's name and locale; closing it ends its sessions, not the server */
export async function disposableTarget(
  server: DisposableServer,
  { source, locale }: Pick<Outset, "source" | "locale">,
): Promise<CopyTarget> {
  const maintenance = await openSession(server.maintenance);
  try {
    await createDatabaseLike(maintenance.query, { ...locale, name: source.database });
    const url = server.urlOf(source.database);
    const identity = await serverIdentity(url);
    const session = await openSession(url);
    return {
      kind: "disposable",
      url,
      server: identity,
      query: session.query,
      scratch: async () => {
        const name = `${SCRATCH}_${crypto.randomUUID().slice(0, 8)}`;
        await createDatabaseLike(maintenance.query, { ...locale, name });
        return { url: server.urlOf(name) };
      },
      close: async () => {
        await Promise.all([session.close(), maintenance.close()]);
      },
    };
  } catch (error) {
    await maintenance.close();
    throw error;
  }
}
