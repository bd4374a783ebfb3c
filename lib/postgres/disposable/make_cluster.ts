// The cluster of a disposable server: its superuser bears the source's name, and its databases' names are free.
import { randomBytes } from "node:crypto";
import { appendFileSync, chownSync, rmSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { initialiseCluster, runSingleUser, type ServerPrograms } from "../server_programs.ts";
import type { ServerFolder } from "./server_folder.ts";
import { disposableSettings } from "./settings.ts";

// initdb cannot make a role whose name holds a quote (its scripts insert it as it is), so it makes this one.
const FIRST_NAME = "postgres";

/** @returns the superuser's password; the file that initdb read it from is gone @throws OpsFailure in initdb's words */
export async function makeDisposableCluster(
  programs: ServerPrograms,
  folder: ServerFolder,
  superuser: string,
): Promise<string> {
  const password = randomBytes(32).toString("base64url");
  const { dataDirectory: data, passwordFile } = folder;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: "wx" });
  if (programs.user.switched) chownSync(passwordFile, programs.user.uid, programs.user.gid);
  await initialiseCluster(programs, {
    data,
    passwordFile,
    superuser: FIRST_NAME,
    flags: ["--no-sync"],
    couldNot: "Could not make a disposable PostgreSQL cluster",
  });
  rmSync(passwordFile);
  const machine = { memoryBytes: memoryBytes(), platform: process.platform };
  appendFileSync(join(data, "postgresql.conf"), disposableSettings(machine));
  await runSingleUser(programs, {
    data,
    statements: [`DROP DATABASE ${FIRST_NAME};`, renameBootstrapRole(superuser)],
    couldNot: "Could not give a disposable PostgreSQL cluster its superuser's name",
  });
  return password;
}

/**
 * ALTER ROLE refuses the role that is logged in, and a single-user server knows no other. Oid 10 is the bootstrap
 * superuser's (pg_authid.dat); the password's verifier does not depend on the name (SCRAM).
 */
function renameBootstrapRole(name: string): string {
  const literal = name.replaceAll("\\", "\\\\").replaceAll("'", "''").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `UPDATE pg_catalog.pg_authid SET rolname = E'${literal}' WHERE oid = 10;`;
}

/** A container's limit counts when it is below the machine's memory. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
