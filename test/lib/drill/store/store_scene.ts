// Stores for tests: one in a folder, one on a real sshd, and backups in them with parts of random bytes.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newBackupId } from "../../../../lib/drill/store/backup_id.ts";
import { openBackupWriter, type SealedFacts } from "../../../../lib/drill/store/backup_writer.ts";
import type { Manifest } from "../../../../lib/drill/store/manifest.ts";
import { openStore } from "../../../../lib/drill/store/open_store.ts";
import type { Store, StoreOptions } from "../../../../lib/drill/store/store.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { type Sshd, startSshd } from "../../../support/sshd.ts";
import { homeWithSshConfig, sshEnvironment } from "../../ssh/ssh_scene.ts";

export interface StoreScene {
  readonly kind: "folder" | "sftp";
  /** STATE_HUB_HOME. */
  readonly home: string;
  readonly options: StoreOptions;
  readonly sshd: Sshd | null;
  /** For files of the test's own. */
  readonly scratch: string;
  /** A new store, to be closed, and its folder on this machine. */
  open(more?: Partial<StoreOptions>): Promise<{ store: Store; folder: string; target: string }>;
  end(): Promise<void>;
}

let made = 0;

export async function storeScene(kind: "folder" | "sftp"): Promise<StoreScene> {
  const folder = temporaryFolder();
  const sshd = kind === "sftp" ? await startSshd() : null;
  const home = homeWithSshConfig(folder.path, sshd?.sshConfig ?? "");
  const options = { env: sshEnvironment(), stateHubHome: home };
  const targetOf = (path: string) => (sshd === null ? path : sshd.urlOf(path).replace(/^ssh:/, "sftp:"));
  mkdirSync(join(folder.path, "scratch"));
  return {
    kind,
    home,
    options,
    sshd,
    scratch: join(folder.path, "scratch"),
    open: async (more = {}) => {
      const path = join(folder.path, `store${made++}`);
      return { store: await openStore(targetOf(path), { ...options, ...more }), folder: path, target: targetOf(path) };
    },
    end: async () => {
      await sshd?.stop();
      folder.remove();
    },
  };
}

export const FACTS: SealedFacts = {
  created_at: "2026-11-21T14:30:00.000Z",
  database: "state_hub",
  system_identifier: "7000000000000000001",
  instance_id: null,
  encrypted: false,
  recipients: [],
  versions: { server: "15.18", client: "15.18", toolkit: "0.1.0" },
  rows: "12",
  facts_digest: "a".repeat(64),
  schema_digest: "b".repeat(64),
};

export interface BackupMaking {
  readonly store: Store;
  readonly scene: StoreScene;
  /** ISO 8601. */
  readonly at?: string;
  readonly bytes?: number;
  /** Of another database. */
  readonly facts?: Partial<SealedFacts>;
}

/** A whole backup of two parts. */
export async function makeBackup({
  store,
  scene,
  at = FACTS.created_at,
  bytes = 100_000,
  facts = {},
}: BackupMaking): Promise<Manifest> {
  const sealed = { ...FACTS, ...facts, created_at: at };
  const writer = await openBackupWriter({ store, id: newBackupId(at, sealed.database), stateHubHome: scene.home });
  for (const [name, selection] of [
    ["data-001.dump", "data"],
    ["facts.json", "facts"],
  ] as const) {
    const file = join(scene.scratch, `part${made++}`);
    writeFileSync(file, randomBytes(bytes));
    await writer.putPart({ name, selection, file });
  }
  return writer.seal(sealed);
}

export function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
