// The drill of what is stored: the very bytes of the store, by the key that a person would have, and nothing of the live server.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { findClientPrograms } from "../postgres/client/client_programs.ts";
import type { Secret } from "../secret.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { storedArchive } from "./archive/stored_archive.ts";
import { readRecipients, requireAge, requireIdentity } from "./backup/age.ts";
import { chooseBackup } from "./backup/choose_backup.ts";
import { takeBackup } from "./backup/take_backup.ts";
import { createdbCommand } from "./copy/createdb_command.ts";
import { type BegunTarget, beginTarget } from "./copy/make_target.ts";
import { noteFacts, proveCopy, restoreCopy } from "./copy/prove_copy.ts";
import { lookAtSource } from "./live_drill.ts";
import { requireRoom, requireStoreRoom, roomFor } from "./room.ts";
import type { Run } from "./run.ts";
import type { Facts } from "./source/facts.ts";
import { readFacts } from "./source/facts_part.ts";
import { untold } from "./source/sealed_facts.ts";
import type { Manifest } from "./store/manifest.ts";
import { openStore } from "./store/open_store.ts";
import type { Store } from "./store/store.ts";
import { verifyParts } from "./store/verify_parts.ts";

interface AskedOfStore {
  readonly store: string | null;
  readonly at: Date | null;
  /** Of which database; null: of the only one that the store holds. */
  readonly database: string | null;
  readonly identity: string | null;
}

interface AskedThroughStore extends AskedOfStore {
  readonly live: () => Promise<Secret>;
  readonly recipients: readonly string[];
}

/** Of a backup that is there. The live database is not asked for anything. */
export async function drillStored(run: Run, { store: target, at, database, identity }: AskedOfStore): Promise<void> {
  const key = identity === null ? null : requireIdentity(identity);
  const store = await openIt(run, target ?? "", { make: false });
  const chosen = await run.stages.run("Reading the store", () =>
    chooseBackup({ store, at, database, home: run.terms.home }),
  );
  run.draft.remarks.push(...chosen.remarks);
  run.draft.wrong.push(...chosen.wrong);
  if (chosen.manifest !== null)
    await proveStored(run, { store, manifest: chosen.manifest, others: chosen.others, key, target: null });
}

/** Takes a backup first, and then knows of it what is in the store. Without a store it is kept for as long as the drill runs. */
export async function drillThroughStore(run: Run, asked: AskedThroughStore): Promise<void> {
  const recipients = readRecipients(asked.recipients);
  const key = asked.identity === null ? null : requireIdentity(asked.identity);
  if (recipients.length > 0) await requireAge(run.terms.env, recipients);
  const source = await lookAtSource(run, asked.live);
  // It may be none to restore into: to be known before a backup is taken for it.
  const given = run.into === null ? null : beginTarget(run, source.server, run.terms.signal);
  await given?.ready;
  const own = asked.store === null;
  const store = await openIt(run, asked.store ?? join(run.folder, "store"), { make: true });
  await requireRoom(
    run.folder,
    roomFor(source.server.bytes, { dump: own || store.localPath("a/b") === null, copy: run.into === null }),
  );
  await requireStoreRoom(store, roomFor(source.server.bytes, { dump: true, copy: false }));
  const { terms, stages, folder } = run;
  const taking = { source, terms, stages, signal: terms.signal, store, recipients, folder };
  const ledgerHome = own ? folder : terms.home;
  // With more than one job it starts while the backup is taken.
  const target = given ?? (terms.jobs > 1 ? beginTarget(run, source.server, terms.signal) : null);
  const { manifest } = await takeBackup({ ...taking, ledgerHome }, (line) => run.draft.remarks.push(line));
  await proveStored(run, { store, manifest, others: [], key, target });
}

interface Stored {
  readonly store: Store;
  readonly manifest: Manifest;
  /** To tell whose part stands in the place of another. */
  readonly others: readonly Manifest[];
  readonly key: string | null;
  /** null: it is begun when the facts are known. */
  readonly target: BegunTarget | null;
}

async function openIt({ terms, closers }: Run, target: string, { make }: { readonly make: boolean }): Promise<Store> {
  const { env, home: stateHubHome, signal } = terms;
  const store = await openStore(target, { env, stateHubHome, signal, make });
  closers.add(() => store.close());
  return store;
}

async function proveStored(run: Run, stored: Stored): Promise<void> {
  const { manifest, store, key } = stored;
  const { terms, draft, folder } = run;
  draft.backup = {
    id: manifest.id,
    store: store.target,
    manifest_digest: manifest.digest,
    encrypted: manifest.encrypted,
  };
  draft.artifacts = manifest.parts.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));
  draft.instanceId = manifest.instance_id;
  const { database, system_identifier, versions } = manifest;
  draft.source = { database, system_identifier, version: versions.server };
  if (manifest.encrypted && key === null) throw noKey(manifest, store);
  // They are fetched, before anything is known of the database itself.
  if (store.localPath(manifest.id) === null) await requireRoom(folder, manifest.bytes);
  const files = await verified(run, stored);
  if (files === null) return;
  const facts = await trusted(run, stored, files);
  if (facts === null) return;
  const major = Number.parseInt(manifest.versions.client, 10);
  const programs = await findClientPrograms({ serverMajor: Math.max(facts.source.major, major), env: terms.env });
  draft.clientVersion = programs.version;
  await requireRoom(folder, roomFor(facts.source.bytes, { dump: false, copy: run.into === null }));
  const { env, jobs, signal } = terms;
  const identity = manifest.encrypted ? key : null;
  const archive = storedArchive({ manifest, files, identity, jobs, programs, env, workspace: folder });
  const target = await (stored.target ?? beginTarget(run, facts.source, signal)).finish(facts);
  const copy = await restoreCopy(run, facts, { target, archive, signal });
  await proveCopy(run, facts, copy, signal);
  // Whoever has lost the server can look at its locale nowhere else.
  if (run.into === null) draft.remarks.push(`To restore it for real, first: ${createdbCommand(facts.locale)}`);
}

/** @returns where the parts lie; null: they are not those of the manifest */
async function verified({ stages, terms, draft, folder }: Run, { store, manifest, others }: Stored) {
  const own = join(folder, "parts");
  mkdirSync(own, { mode: 0o700 });
  const { signal } = terms;
  const found = await stages.run("Verifying the parts", (onProgress) =>
    verifyParts({ store, manifest, folder: own, others, signal, onProgress }),
  );
  draft.remarks.push(...found.remarks);
  draft.wrong.push(...found.problems.map(({ says }) => `${manifest.id}: ${says}`));
  return found.problems.length === 0 ? found.files : null;
}

/** @returns the facts, when they are those that the manifest was sealed with */
async function trusted(run: Run, { manifest, key }: Stored, files: ReadonlyMap<string, string>): Promise<Facts | null> {
  const part = manifest.parts.find(({ selection }) => selection === "facts");
  const file = files.get(part?.name ?? "");
  if (part === undefined || file === undefined) {
    run.draft.wrong.push(`${manifest.id}: it has no facts to be compared with`);
    return null;
  }
  const { env, signal } = run.terms;
  const opening = { identity: manifest.encrypted ? key : null, recipients: manifest.recipients };
  const facts = await run.stages.run("Reading the facts", () => readFacts({ file, env, signal }, opening));
  const differing = untold(manifest, facts);
  if (differing.length === 0) {
    noteFacts(run, facts);
    return facts;
  }
  const which = differing.join(", ");
  run.draft.wrong.push(`${manifest.id}: ${part.name} does not say what the manifest was sealed with: ${which}`);
  return null;
}

function noKey({ id, recipients }: Manifest, { target }: Store): OpsFailure {
  return new OpsFailure("Could not open the backup", {
    observed: "no --identity",
    expected: `the file with the private key of ${recipients.join(" or ")}`,
    where: id,
    hint: `scripts/backup_restore_drill.ts --from-store ${shellQuoted(target)} --identity KEYFILE`,
  });
}
