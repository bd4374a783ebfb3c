// The cluster as it lies on disk: is it there, is it one that we may serve, and what opens it. Anything else in its
// place is left untouched and named: it may be somebody's only copy.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { homeFailure } from "./home.ts";
import { type Layout, MAJOR_VERSION } from "./layout.ts";
import { nameOfUid, whoWeAre } from "./server_user.ts";

export interface Cluster {
  /** The uid that its server must run as. */
  readonly owner: number;
}

/**
 * @returns null when there is none yet (an empty folder counts as none)
 * @throws OpsFailure for another major version, another account's cluster, or a folder with something else in it
 */
export function findCluster(layout: Layout): Cluster | null {
  const { dataDirectory } = layout;
  try {
    const stats = statSync(dataDirectory, { throwIfNoEntry: false });
    if (stats === undefined) return null;
    const we = process.getuid?.() ?? 0;
    if (we !== 0 && stats.uid !== we) {
      throw clusterFailure(dataDirectory, `it belongs to ${nameOfUid(stats.uid)}, we are ${whoWeAre()}`, "our own");
    }
    const version = readClusterFile(join(dataDirectory, "PG_VERSION"));
    if (version === null && readdirSync(dataDirectory).length === 0) return null;
    proveMajorVersion(dataDirectory, version);
    return { owner: stats.uid };
  } catch (cause) {
    throw homeFailure(dataDirectory, cause);
  }
}

/** @throws OpsFailure when the file that was made with the cluster is gone */
export function passwordOf(layout: Layout): string {
  const password = readClusterFile(layout.passwordFile);
  if (password !== null && password !== "") return password;
  throw clusterFailure(layout.dataDirectory, `${layout.passwordFile} is missing or empty`, "the cluster's password");
}

/** The exact version that was started last; the major version alone when that is not known. */
export function versionOf(layout: Layout): string {
  return readClusterFile(layout.versionFile) ?? String(MAJOR_VERSION);
}

/** A small text file, trimmed; null when it is not there. */
function readClusterFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw homeFailure(path, cause);
  }
}

function proveMajorVersion(dataDirectory: string, version: string | null): void {
  if (version === String(MAJOR_VERSION)) return;
  const observed = version === null ? "files, but no PG_VERSION among them" : `made by PostgreSQL ${version}`;
  throw clusterFailure(dataDirectory, observed, `a cluster of PostgreSQL ${MAJOR_VERSION}, or nothing`);
}

function clusterFailure(dataDirectory: string, observed: string, expected: string): OpsFailure {
  return new OpsFailure("Could not use the data of the embedded State Hub", {
    observed,
    expected,
    where: dataDirectory,
    hint: `keep it and begin anew: mv ${dataDirectory} ${dataDirectory}.kept`,
  });
}
