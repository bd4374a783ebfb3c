// Homes for embedded servers that tests start: below /tmp, passable by the server's account, gone after the test.
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { environmentForPrograms } from "../../lib/config.ts";
import { embeddedStatus } from "../../lib/postgres/embedded_status.ts";
import { commandLineOf } from "../../lib/postgres/process_table.ts";
import type { Probe } from "../../lib/postgres/prove_answers.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";

const PREFIX = "state-hub-test-";

/** A fresh home, named after this process so that a later run can tell whose it was. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  chmodSync(home, 0o755);
  return home;
}

/** Stops its server and removes it. */
export async function removeHome(home: string): Promise<void> {
  await stopEmbedded({ home, env: environmentForPrograms() });
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

/** The same without waiting for anything. */
export function removeHomeAtOnce(home: string): void {
  const { pid } = embeddedStatus({ home });
  // SIGQUIT: ends at once, all its children with it; nobody will start this cluster again.
  if (pid !== null) process.kill(pid, "SIGQUIT");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

/** Servers and folders of runs that were killed before they could tidy up. */
export async function removeHomesOfDeadRuns(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const pid = Number(name.slice(PREFIX.length).split("-")[0]);
    if (!Number.isInteger(pid) || commandLineOf(pid) !== "") continue;
    // Another account's, or being removed by another run at this moment: not ours to insist on.
    await removeHome(join(tmpdir(), name)).catch(() => {});
  }
}

/** The Probe of lib/db, in its simplest form. */
export const probe: Probe = async (url) => {
  const sql = postgres(url.reveal(), { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    const [row] = await sql<{ directory: string }[]>`select current_setting('data_directory') as directory`;
    if (row === undefined) throw new Error("no answer");
    return { dataDirectory: row.directory };
  } finally {
    await sql.end({ timeout: 1 });
  }
};
