// What this machine wrote into stores and took out of them, on its own disk. A store can be edited, sealed again and rolled back
// by whoever can write there; this memory is what tells.

import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { OpsFailure } from "../../failure.ts";
import { makePrivateFolder } from "../../private_folder.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Manifest } from "./manifest.ts";

const line = z.strictObject({
  /** By this host's clock, ISO 8601, UTC. */
  at: z.iso.datetime(),
  entry: z.enum(["made", "pruned"]),
  store: z.string(),
  id: z.string(),
  digest: z.string(),
  created_at: z.iso.datetime(),
});

type Line = z.infer<typeof line>;

/** A backup that this machine made or pruned. */
export type KnownManifest = Pick<Line, "store" | "id" | "digest" | "created_at">;

/** This machine's memory of a store. */
export interface KnownManifests {
  readonly made: readonly KnownManifest[];
  readonly pruned: readonly KnownManifest[];
}

/** On the disk when it returns. @param store its printable target */
export function rememberManifest(stateHubHome: string, store: string, what: Manifest): void {
  add(stateHubHome, "made", { store, id: what.id, digest: what.digest, created_at: what.created_at });
}

/** So that it is not missed later. */
export function rememberPruned(stateHubHome: string, store: string, what: Manifest): void {
  add(stateHubHome, "pruned", { store, id: what.id, digest: what.digest, created_at: what.created_at });
}

/** Of all stores. A line that a crash cut off does not count. @throws OpsFailure when the ledger is there and can't be read */
export function knownManifests(stateHubHome: string): KnownManifests {
  const lines = textOf(ledgerPath(stateHubHome)).split("\n").flatMap(lineIn);
  return {
    made: lines.filter(({ entry }) => entry === "made"),
    pruned: lines.filter(({ entry }) => entry === "pruned"),
  };
}

/** One JSON line for each backup that was made or pruned. */
export function ledgerPath(stateHubHome: string): string {
  return join(stateHubHome, "backups/ledger.jsonl");
}

function add(stateHubHome: string, entry: Line["entry"], known: KnownManifest): void {
  const path = ledgerPath(stateHubHome);
  try {
    makePrivateFolder(dirname(path));
    const torn = !/(^|\n)$/.test(textOf(path));
    append(path, `${torn ? "\n" : ""}${JSON.stringify({ at: new Date().toISOString(), entry, ...known })}\n`);
  } catch (cause) {
    if (cause instanceof OpsFailure) throw cause;
    const hint = `ls -ld ${shellQuoted(dirname(path))}; df -h ${shellQuoted(stateHubHome)}`;
    throw new OpsFailure("Could not write the ledger of backups", { where: path, cause, hint });
  }
}

function append(path: string, text: string): void {
  const file = openSync(path, "a", 0o600);
  try {
    const bytes = Buffer.from(text);
    if (writeSync(file, bytes) !== bytes.length)
      throw new OpsFailure("Could not write the ledger of backups", { where: path, hint: "df -h" });
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw new OpsFailure("Could not read the ledger of backups", {
      where: path,
      cause,
      hint: `ls -l ${shellQuoted(path)}`,
    });
  }
}

function lineIn(text: string): Line[] {
  try {
    const found = line.safeParse(JSON.parse(text));
    return found.success ? [found.data] : [];
  } catch {
    return [];
  }
}
