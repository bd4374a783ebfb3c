// Takes a backup and says what was taken. Whether it can be restored is another question: a drill answers it.
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Outcome, View } from "../../cli/define_script.ts";
import { describeFailure } from "../../failure.ts";
import type { Secret } from "../../secret.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { readRecipients, requireAge } from "../backup/age.ts";
import { takeBackup } from "../backup/take_backup.ts";
import { Closers } from "../closers.ts";
import type { DrillEvent } from "../evidence/record_event.ts";
import { tellHub } from "../evidence/tell_hub.ts";
import { fewerSessions } from "../fewer_sessions.ts";
import { lastingFailure } from "../lasting_hint.ts";
import { requireRoom, requireStoreRoom, roomFor } from "../room.ts";
import { openLiveSource } from "../source/live_source.ts";
import { Stages } from "../stages.ts";
import type { Manifest } from "../store/manifest.ts";
import { openStore } from "../store/open_store.ts";
import type { Terms } from "../terms.ts";
import { openWorkspace } from "../workspace.ts";

/** Of what, where to, and for whom. */
interface AskedBackup {
  /** Opens the live database. */
  readonly live: () => Promise<Secret>;
  readonly store: string;
  readonly recipients: readonly string[];
}

/** @throws OpsFailure; the store then holds no part of it, or a note says which */
export async function backupCommand(asked: AskedBackup, terms: Terms): Promise<Outcome> {
  const recipients = readRecipients(asked.recipients);
  if (recipients.length > 0) await requireAge(terms.env, recipients);
  const closers = new Closers();
  const tidy = async () => {
    for (const left of await closers.closeAll()) terms.note(`Could not tidy up: ${describeFailure(left)}`);
  };
  try {
    return await takeAndTell(asked, terms, { recipients, closers });
  } catch (error) {
    await tidy();
    throw lastingFailure(fewerSessions(error, terms.jobs), [terms.workspace, resolve(asked.store)]);
  } finally {
    await tidy();
  }
}

async function takeAndTell(
  asked: AskedBackup,
  terms: Terms,
  { recipients, closers }: { readonly recipients: readonly string[]; readonly closers: Closers },
): Promise<Outcome> {
  const { signal } = terms;
  const stages = new Stages(terms.onProgress);
  const source = await stages.run("Looking at the live server", async () =>
    openLiveSource(await asked.live(), terms.env),
  );
  const store = await openStore(asked.store, { env: terms.env, stateHubHome: terms.home, signal });
  closers.add(() => store.close());
  const workspace = await openWorkspace({ folder: terms.workspace, env: terms.env, note: terms.note, signal });
  closers.add(workspace.close);
  const { folder } = workspace;
  const room = roomFor(source.server.bytes, { dump: true, copy: false });
  await requireStoreRoom(store, room);
  if (store.localPath("a/b") === null) await requireRoom(folder, room);
  const taking = { source, terms, stages, signal, store, recipients, folder, ledgerHome: terms.home };
  const { manifest } = await takeBackup(taking, terms.note);
  const event = eventOfBackup(manifest, store.target, stages);
  const told = await tellHub(async () => source.url, event, terms.hub);
  return outcomeOf(manifest, { store: store.target, stages, told });
}

function eventOfBackup(manifest: Manifest, store: string, stages: Stages): DrillEvent {
  const { parts, previous: _, recipients, ...rest } = manifest;
  return {
    type: "backup",
    summary: `backup ${manifest.id}${manifest.encrypted ? ", encrypted" : ""}`,
    detail: {
      ...rest,
      backup_id: rest.id,
      manifest_digest: rest.digest,
      store,
      recipients: recipients.length,
      parts: parts.length,
      stages: stages.done,
      host: hostname(),
    },
  };
}

interface Ended {
  readonly store: string;
  readonly stages: Stages;
  readonly told: string | null;
}

function outcomeOf(manifest: Manifest, { store, stages, told }: Ended): Outcome {
  const remarks = told === null ? [] : [told];
  const identity = manifest.encrypted ? " --identity KEYFILE" : "";
  return {
    exitCode: 0,
    document: { backup: manifest, store, stages: stages.done, remarks },
    render: (view) => renderBackup(manifest, { store, remarks }, view),
    next: `scripts/backup_restore_drill.ts --from-store ${shellQuoted(store)}${identity}`,
  };
}

function renderBackup(
  { id, rows, bytes, parts, encrypted, recipients, created_at }: Manifest,
  { store, remarks }: { readonly store: string; readonly remarks: readonly string[] },
  { paint }: View,
): string {
  const for_ = encrypted ? `encrypted for ${recipients.join(", ")}` : paint.warning("not encrypted");
  return [
    `${paint.ok("Stored")} ${id} in ${store}, ${for_}.`,
    `${rows} rows as of ${created_at}; ${parts.length} parts, ${(bytes / 1e6).toFixed(1)} MB.`,
    ...remarks,
  ].join("\n");
}
