// The database that a copy is restored into: on a server made for it, or the one that was named.
import { join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { readDatabaseLocale } from "../../postgres/disposable/database_locale.ts";
import type { DisposableServer } from "../../postgres/disposable/start_disposable.ts";
import { printableUrl, type Secret } from "../../secret.ts";
import type { Run } from "../run.ts";
import type { Outset } from "../source/facts.ts";
import type { ServerIdentity } from "../source/live_source.ts";
import type { CopyTarget, Scratch } from "./copy_target.ts";
import { anewCommands, createdbCommand, differingLocale } from "./createdb_command.ts";
import { disposableTarget, startServer } from "./disposable_target.ts";
import { givenTarget } from "./given_target.ts";
import { makeReady } from "./make_ready.ts";

/** A target that is still being made. */
export interface BegunTarget {
  /** Rejects when there will be no target: whoever waits for the source's rows need not wait any longer. */
  readonly ready: Promise<unknown>;
  finish(outset: Outset): Promise<CopyTarget>;
}

/** Begins with the slow part at once; for that it needs to know which server to imitate, and no more. */
export function beginTarget(run: Run, source: ServerIdentity, signal: AbortSignal): BegunTarget {
  const begun =
    run.into === null ? beginDisposable(run, source, signal) : beginGiven({ ...run, into: run.into }, source, signal);
  // Somebody else may fail first, and then nobody asks.
  begun.ready.catch(() => {});
  return begun;
}

function beginDisposable(run: Run, source: ServerIdentity, signal: AbortSignal): BegunTarget {
  const ready = run.stages.run("Starting a disposable server", () => serverFor(run, source, signal));
  const finish = async (outset: Outset) => {
    const target = await disposableTarget(await ready, outset);
    run.closers.add(target.close);
    run.draft.targetVersion = target.server.version;
    return target;
  };
  return { ready, finish };
}

function beginGiven(run: Run & { readonly into: Secret }, source: ServerIdentity, signal: AbortSignal): BegunTarget {
  const look = async () => {
    const target = await givenTarget(run.into, source);
    run.draft.target = { kind: "given", url: printableUrl(run.into.reveal()) };
    run.draft.targetVersion = target.server.version;
    return target;
  };
  const ready = run.stages.run("Looking at the database to restore into", look);
  run.closers.add(async () => (await ready.catch(() => null))?.close());
  const finish = async (outset: Outset) => {
    const target = await ready;
    run.draft.anew = anewCommands({ url: run.into, database: target.server.database, locale: outset.locale });
    await tellOfLocale(run, target, outset);
    return { ...target, scratch: lentScratch(run, outset, signal) };
  };
  return { ready, finish };
}

/** At once, and not when all is restored: to be restored into another locale may be what somebody has to live with. */
async function tellOfLocale(
  { terms, draft }: Run,
  { query }: Pick<CopyTarget, "query">,
  { locale }: Outset,
): Promise<void> {
  const differing = differingLocale(locale, await readDatabaseLocale(query));
  if (differing === null) return;
  const told = `The database to restore into is not like the source's: ${differing}; one that is: ${createdbCommand(locale)}`;
  draft.remarks.push(told);
  terms.note(told);
}

/** Whoever ends the run waits for a server that is still being made, or its folder would be removed under it. */
function serverFor(
  { terms, folder, closers }: Run,
  source: ServerIdentity,
  signal: AbortSignal,
): Promise<DisposableServer> {
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  const where = { folder: join(folder, "disposable"), env: terms.env, signal: either, nice: terms.jobs === 1 };
  const starting = startServer(where, source);
  closers.add(async () => {
    own.abort(new OpsFailure("Could not go on", { observed: "the run ended" }));
    await (await starting.catch(() => null))?.stop();
  });
  return starting;
}

/** Nothing is tried out on a server that is meant to last: a disposable one beside it has the source's roles. */
function lentScratch(run: Run, outset: Outset, signal: AbortSignal): () => Promise<Scratch> {
  let lent: Promise<CopyTarget> | undefined;
  const make = async () => {
    const target = await disposableTarget(await serverFor(run, outset.source, signal), outset);
    run.closers.add(target.close);
    await makeReady(target, outset);
    return target;
  };
  return async () => {
    lent ??= make();
    return (await lent).scratch();
  };
}
