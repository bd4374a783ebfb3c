// All faults that a test plays, by where they come from. The quick suite takes some; test/long takes all.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "./drill_fault.ts";
import { ASKED, STORE } from "./drill_faults_elsewhere.ts";
import { FULL, KILLED } from "./drill_faults_here.ts";
import { COPY, SERVER } from "./drill_faults_server.ts";

export const FAULTS: readonly Fault[] = [...KILLED, ...FULL, ...SERVER, ...COPY, ...STORE, ...ASKED];

/** Programs that print an older version, in a folder that comes first. */
export function olderPrograms(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["pg_dump", "pg_restore"])
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${name} (PostgreSQL) 14.9'\n`, { mode: 0o755 });
  return folder;
}
