// A script that is at work on the far side when the line to it drops: it waits for a table, so that it is at work for as long
// as the test wants.
import { existsSync } from "node:fs";
import { environmentForPrograms } from "../../lib/config.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import type { TestHub } from "./hub.ts";
import { type SshAccess, sshArgv } from "./ssh_table.ts";

/** Before `exec SCRIPT`: the process id is then the script's own, since each shell is replaced by what it starts. */
export const SAY_PID = "echo pid $$";

/** @returns the client, to be killed, and the process on the far side; its files are this machine's */
export async function startOver(access: SshAccess, asked: { readonly terminal: boolean; readonly line: string }) {
  const child = Bun.spawn(sshArgv(access, asked), {
    env: environmentForPrograms(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  for await (const chunk of child.stdout) {
    said += new TextDecoder().decode(chunk);
    const [, pid] = /pid (\d+)\r?\n/.exec(said) ?? [];
    if (pid !== undefined) return { child, pid: Number(pid) };
  }
  throw new Error(`the script did not start: ${said}`);
}

/** Nobody else reads or writes a row of the hub meanwhile. */
export async function withTablesLocked<T>({ database }: TestHub, work: () => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    const tables = await tx<{ name: string }[]>`
      select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`;
    await tx.unsafe(`lock table ${tables.map(({ name }) => name).join(", ")} in access exclusive mode`);
    return work();
  });
}

/** By a connection that was made after the tables were locked: an earlier script's may be there still. */
export async function waitsForLock({ database }: TestHub, deadlineMs: number): Promise<void> {
  await waitUntil({ forWhat: "the script to wait for a lock", deadlineMs }, async () => {
    const waiting = await database.sql`
      select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and backend_start > (
        select max(xact_start) from pg_stat_activity where query like 'lock table%' and state like 'idle in%')`;
    return waiting.length > 0 ? { found: true } : { seen: "nobody waits" };
  });
}

export async function isGone(pid: number, deadlineMs: number): Promise<void> {
  await waitUntil({ forWhat: `process ${pid} to end`, deadlineMs }, () =>
    existsSync(`/proc/${pid}`) ? { seen: "it runs" } : { found: true },
  );
}
