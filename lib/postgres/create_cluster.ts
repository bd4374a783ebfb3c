// Makes the cluster beside its place and renames it there whole. Two first starts, a kill -9 or a full disk can so
// never leave half a cluster that a later start would trust.
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { waitUntil } from "../wait_until.ts";
import type { Binaries } from "./binaries.ts";
import type { Deadline } from "./deadline.ts";
import { homeFailure } from "./home.ts";
import { DATABASE, type Layout, ROLE } from "./layout.ts";
import { endProcess, serverProgramsOn } from "./process_table.ts";
import { fullDisk } from "./server_log.ts";
import { initialiseCluster, runSingleUser } from "./server_programs.ts";
import type { ServerUser } from "./server_user.ts";
import { ourSettings } from "./settings.ts";

export interface CreateCluster {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly env: Record<string, string>;
  readonly deadline: Deadline;
}

/**
 * initdb, our settings, the database; then the rename. The caller holds the start lock.
 * @throws OpsFailure with initdb's own last line, or "no space left on device"; the unfinished folder is gone then
 */
export async function createCluster(create: CreateCluster): Promise<void> {
  const { layout, user } = create;
  await removeUnfinishedClusters(layout);
  const unfinished = `${layout.dataDirectory}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    mkdirSync(unfinished, { mode: 0o700 });
    const data = join(unfinished, "data");
    const passwordFile = join(unfinished, "password");
    // 256 bits; base64url needs no escaping in a URL.
    writeFileSync(passwordFile, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
    for (const path of [unfinished, passwordFile]) handOver(path, user);
    await initialiseCluster(create, {
      data,
      passwordFile,
      superuser: ROLE,
      flags: ["--data-checksums"],
      couldNot: "Could not make the embedded PostgreSQL cluster",
    });
    appendFileSync(join(data, "postgresql.conf"), ourSettings(process.platform));
    renameSync(passwordFile, join(data, basename(layout.passwordFile)));
    await runSingleUser(create, {
      data,
      statements: [`CREATE DATABASE ${DATABASE};`],
      couldNot: `Could not create the database ${DATABASE}`,
    });
    renameSync(data, layout.dataDirectory);
    syncFolder(layout.home);
  } catch (cause) {
    throw explained(layout, cause);
  } finally {
    removeTree(unfinished);
  }
}

// Never hides what happened before it; what stays is removed by the next start that makes a cluster.
function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  } catch {}
}

/** What dead runs left: the lock's holder knows that nobody else is making a cluster. */
async function removeUnfinishedClusters(layout: Layout): Promise<void> {
  const ours = new RegExp(`^${basename(layout.dataDirectory)}\\.[0-9a-f]{12}\\.tmp$`);
  for (const name of readdirSync(layout.home).filter((entry) => ours.test(entry))) {
    const unfinished = join(layout.home, name);
    await endProgramsIn(unfinished);
    removeTree(unfinished);
  }
}

/** The initdb of a killed run works on, and would put files back while we remove them. */
async function endProgramsIn(unfinished: string): Promise<void> {
  await waitUntil({ forWhat: `the end of a killed run's initdb in ${unfinished}`, deadlineMs: 10_000 }, () => {
    const pids = serverProgramsOn(unfinished);
    for (const pid of pids) endProcess(pid);
    return pids.length === 0 ? { found: true } : { seen: `pid ${pids.join(", ")}` };
  });
}

function explained(layout: Layout, cause: unknown): OpsFailure {
  const full = fullDisk(layout.home);
  const asFailure = cause instanceof OpsFailure ? cause : homeFailure(layout.home, cause);
  if (full === null && !/No space left/.test(`${asFailure.observed} ${cause}`)) return asFailure;
  return new OpsFailure("Could not make the embedded PostgreSQL cluster", {
    observed: full ?? `no space left on device (${layout.home})`,
    expected: "about 100 MB free for a new cluster",
    where: layout.home,
    hint: `df -h ${layout.home}; then run the same command again: nothing was left behind`,
    cause,
  });
}

function handOver(path: string, user: ServerUser): void {
  if (user.switched) chownSync(path, user.uid, user.gid);
}

function syncFolder(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
