// Takes a backup into a store: each part dumped and encrypted in one stream, the facts beside them, and the manifest last of all,
// since without it there is no backup. Whatever fails, nothing stays that looks like one.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Snapshot } from "../../db/snapshot_sessions.ts";
import { dumpPart, type PartSource } from "../../postgres/client/dump.ts";
import type { OnStep } from "../../work_step.ts";
import { type Capture, capture } from "../source/capture.ts";
import type { Facts } from "../source/facts.ts";
import { writeFacts } from "../source/facts_part.ts";
import { toldByFacts } from "../source/sealed_facts.ts";
import { newBackupId } from "../store/backup_id.ts";
import { type BackupWriter, openBackupWriter, type SealedFacts } from "../store/backup_writer.ts";
import type { Manifest, Part } from "../store/manifest.ts";
import type { Store } from "../store/store.ts";
import { Tally } from "../tally.ts";
import { together, togetherAtMost } from "../together.ts";
import { encryptThrough } from "./age.ts";
import { type PartPlan, planParts, TABLE_SIZES } from "./backup_parts.ts";
import { dumpDefinitions } from "./definitions_part.ts";

interface BackupTerms extends Capture {
  readonly store: Store;
  /** Whose ledger knows of it: STATE_HUB_HOME, or a folder that goes with the store. */
  readonly ledgerHome: string;
  /** age's public keys; none: the parts are not encrypted. */
  readonly recipients: readonly string[];
  /** A folder for what is written on the way. */
  readonly folder: string;
}

interface TakenBackup {
  readonly manifest: Manifest;
  readonly facts: Facts;
}

interface Dumped {
  readonly name: string;
  readonly selection: Part["selection"];
  readonly file: string;
}

/** @throws OpsFailure (automation), the signal's reason; the store then holds no part of it, or the failure's note says which */
export async function takeBackup(terms: BackupTerms, note: (line: string) => void): Promise<TakenBackup> {
  // Of mode 700: parts on their way to another host may be plain text.
  const o = { ...terms, folder: mkdtempSync(join(terms.folder, "backup-")) };
  let writer: BackupWriter | undefined;
  try {
    const { seen, taken } = await capture(o, async (dump, jobs, { clock, source }, snapshot) => {
      const id = newBackupId(clock, source.database);
      writer = await openBackupWriter({
        store: o.store,
        id,
        stateHubHome: o.ledgerHome,
        signal: dump.signal ?? o.signal,
      });
      return { writer, ...(await dumpAll({ ...o, writer, dump, jobs, snapshot })) };
    });
    const facts: Facts = { ...seen, definitions: taken.definitions };
    await o.stages.run("Storing", (onProgress) => storeParts(o, { ...taken, facts }, onProgress));
    return { manifest: await taken.writer.seal(sealedFacts(o, facts)), facts };
  } catch (error) {
    const left = await writer?.discard();
    if (typeof left === "string") note(left);
    throw error;
  }
}

interface Dumping extends BackupTerms {
  readonly writer: BackupWriter;
  readonly dump: PartSource;
  readonly jobs: number;
  readonly snapshot: Snapshot;
}

async function dumpAll(
  o: Dumping,
): Promise<{ readonly dumped: readonly Dumped[]; readonly definitions: Facts["definitions"] }> {
  const sizes = await o.snapshot.holder<{ name: string; bytes: string }>(TABLE_SIZES);
  const tables = sizes.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }));
  const dumped: Dumped[] = [];
  let definitions: Facts["definitions"] = {};
  await o.stages.run("Dumping", async (onProgress) => {
    const tally = new Tally(onProgress);
    const works = [
      // By what a restore may use: the live server is asked by fewer, one part after the other.
      ...planParts(tables, o.terms.jobs).map((plan) => async (signal: AbortSignal) => {
        dumped.push(await dumpRows(o, { plan, signal, tally }));
      }),
      async (signal: AbortSignal) => {
        const part = placeOf(o, "definitions");
        const dump = (onProgress: OnStep) =>
          dumpDefinitions({ ...o, dump: { ...o.dump, signal, onProgress }, file: part.file });
        definitions = await tally.add(dump, () => statSync(part.file).size);
        dumped.push({ ...part, selection: "definitions" });
      },
    ];
    await togetherAtMost({ signal: o.dump.signal ?? o.signal, limit: o.jobs }, works, (work, signal) => work(signal));
  });
  return { dumped, definitions };
}

interface Rows {
  readonly plan: PartPlan;
  readonly signal: AbortSignal;
  readonly tally: Tally;
}

async function dumpRows(o: Dumping, { plan: { name, selection }, signal, tally }: Rows): Promise<Dumped> {
  const part = placeOf(o, name);
  const through = o.recipients.length === 0 ? {} : { through: encryptThrough(o.recipients) };
  const dump = (onProgress: OnStep) =>
    dumpPart({ ...o.dump, signal, onProgress }, { selection, file: part.file, ...through });
  await tally.add(dump, ({ bytes }) => bytes);
  return { ...part, selection: "data" };
}

/** Right where it is to lie when the store is a folder here; else in the workspace, to be sent when the snapshot is closed. */
function placeOf(
  { writer, folder, recipients }: Dumping,
  part: string,
): { readonly name: string; readonly file: string } {
  const name = `${part}.dump${recipients.length === 0 ? "" : ".age"}`;
  return { name, file: writer.localPath(name) ?? join(folder, name) };
}

interface Storing {
  readonly writer: BackupWriter;
  readonly dumped: readonly Dumped[];
  readonly facts: Facts;
}

async function storeParts(o: BackupTerms, { writer, dumped, facts }: Storing, onProgress: OnStep): Promise<Part[]> {
  const name = `facts.json${o.recipients.length === 0 ? "" : ".age"}`;
  const file = writer.localPath(name) ?? join(o.folder, name);
  const stored: Part[] = [];
  let bytes = 0;
  const put = async (part: Dumped) => {
    const made = await writer.putPart(part);
    bytes += made.bytes;
    stored.push(made);
    onProgress({ at: part.name, bytes });
    if (writer.localPath(part.name) === null) rmSync(part.file);
  };
  await together(o.signal, [
    async (signal) => {
      await writeFacts(facts, o.recipients, { file, env: o.terms.env, signal });
      await put({ name, selection: "facts", file });
    },
    (signal) => togetherAtMost({ signal, limit: 2 }, dumped, put),
  ]);
  return stored;
}

function sealedFacts({ source, terms, recipients }: BackupTerms, facts: Facts): SealedFacts {
  return {
    ...toldByFacts(facts),
    encrypted: recipients.length > 0,
    recipients: [...recipients],
    versions: { server: source.server.version, client: source.programs.version, toolkit: terms.toolkit },
  };
}
