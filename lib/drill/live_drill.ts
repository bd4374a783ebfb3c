// The drill of the live database itself: the dump first, then fingerprint and copy side by side where there are jobs for it.
import { join } from "node:path";
import { dumpToFolder } from "../postgres/client/dump.ts";
import { printableUrl, type Secret } from "../secret.ts";
import { archivedDefinitions } from "./archive/archived_definitions.ts";
import { folderArchive } from "./archive/folder_archive.ts";
import { beginTarget } from "./copy/make_target.ts";
import { proveCopy, type RestoredCopy, restoreCopy } from "./copy/prove_copy.ts";
import { requireRoom, roomFor } from "./room.ts";
import type { Run } from "./run.ts";
import { capture } from "./source/capture.ts";
import type { Facts, Outset } from "./source/facts.ts";
import { type LiveSource, openLiveSource } from "./source/live_source.ts";
import { together } from "./together.ts";

/** pg_dump's fastest: the dump is read once, a moment later, on this machine. */
const COMPRESSION = 1;

/** @param url opens the live database, starting the embedded server when that is what was named */
export async function drillLive(run: Run, url: () => Promise<Secret>): Promise<void> {
  const { facts, copy } = await restoreLive(run, url);
  await proveCopy(run, facts, copy, run.terms.signal);
}

/** The copy, restored and not yet looked at, and what it should be equal to. */
export async function restoreLive(
  run: Run,
  url: () => Promise<Secret>,
): Promise<{ readonly facts: Facts; readonly copy: RestoredCopy }> {
  const source = await lookAtSource(run, url);
  await requireRoom(run.folder, roomFor(source.server.bytes, { dump: true, copy: run.into === null }));
  const { programs } = source;
  const dumpFolder = join(run.folder, "dump");
  const { env, jobs, signal } = run.terms;
  const archive = folderArchive({ folder: dumpFolder, programs, env, jobs, workspace: run.folder });
  const marks = { begun: Promise.withResolvers<Outset>(), dumped: Promise.withResolvers<void>() };
  for (const { promise } of Object.values(marks)) promise.catch(() => {});
  const [facts, copy] = await together(signal, [
    async (signal) => {
      try {
        return await takeFacts({ run, source, dumpFolder, signal }, marks);
      } catch (error) {
        for (const { reject } of Object.values(marks)) reject(error);
        throw error;
      }
    },
    async (signal) => {
      const begun = beginTarget(run, source.server, signal);
      const [outset] = await Promise.all([marks.begun.promise, begun.ready]);
      const target = await begun.finish(outset);
      return restoreCopy(run, outset, { target, archive, whole: marks.dumped.promise, signal });
    },
  ] as const);
  return { facts, copy };
}

/** Puts into the draft what it sees. @throws OpsFailure (automation) as openLiveSource() does */
export async function lookAtSource({ stages, terms, draft }: Run, url: () => Promise<Secret>): Promise<LiveSource> {
  const source = await stages.run("Looking at the live server", async () => openLiveSource(await url(), terms.env));
  draft.sourceUrl = printableUrl(source.url.reveal());
  draft.source = source.server;
  draft.clientVersion = source.programs.version;
  return source;
}

interface Taking {
  readonly run: Run;
  readonly source: LiveSource;
  readonly dumpFolder: string;
  readonly signal: AbortSignal;
}

/** What the copy waits for. */
interface Marks {
  /** The source is known: a server can be made ready. */
  readonly begun: { resolve(outset: Outset): void };
  /** Rows can be restored; with one job not before the live server is left alone. */
  readonly dumped: { resolve(): void };
}

async function takeFacts({ run, source, dumpFolder, signal }: Taking, { begun, dumped }: Marks): Promise<Facts> {
  const { terms, stages } = run;
  const { seen } = await capture({ source, terms, stages, signal, dumpFirst: true }, async (dump, jobs, outset) => {
    begun.resolve(outset);
    await stages.run(
      "Dumping",
      (onProgress) => dumpToFolder({ ...dump, onProgress }, { folder: dumpFolder, jobs, compression: COMPRESSION }),
      ({ bytes }) => bytes,
    );
    if (terms.jobs > 1) dumped.resolve();
  });
  dumped.resolve();
  const { programs } = source;
  const { folder: workspace } = run;
  const definitions = await archivedDefinitions({ archive: dumpFolder, programs, env: terms.env, workspace, signal });
  return { ...seen, definitions };
}
