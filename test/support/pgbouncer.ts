// A real pooler between a client and a server: what session locks must refuse. It lends out a few connections of its own,
// so that two statements of one client may reach two backends.
import { chmodSync, chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { OpsFailure } from "../../lib/failure.ts";
import { serverUser } from "../../lib/postgres/server_user.ts";
import { endGroup } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { freePort } from "./free_port.ts";
import { temporaryFolder } from "./git_repo.ts";
import { systemProgram } from "./system_program.ts";

export interface Pooler {
  /** The target's URL through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface PoolerOptions {
  readonly mode: "session" | "transaction" | "statement";
  /** Startup parameters that it drops instead of refusing the client. */
  readonly ignored?: readonly string[];
}

const READY_MS = 20_000;

/** @param target URL of a database, with its password @throws OpsFailure when it does not start */
export async function startPgbouncer(target: string, options: PoolerOptions): Promise<Pooler> {
  const program = systemProgram("pgbouncer");
  if (program === null) throw new OpsFailure("Could not find pgbouncer", { hint: "npm test installs it, or says how" });
  const port = await freePort("127.0.0.1");
  const folder = temporaryFolder();
  const config = join(folder.path, "pgbouncer.ini");
  // It refuses root, as PostgreSQL does, and only its own account may read the password in there.
  const user = serverUser(null);
  writeFileSync(config, settings(target, port, join(folder.path, "log"), options), { mode: 0o600 });
  chmodSync(folder.path, 0o700);
  if (user.switched) for (const path of [folder.path, config]) chownSync(path, user.uid, user.gid);
  const child = Bun.spawn(user.command([program, "--quiet", config]), {
    env: environmentForPrograms(),
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  const stop = async () => {
    endGroup(child.pid);
    await child.exited;
    folder.remove();
  };
  whenTestsEnd(stop, () => endGroup(child.pid));
  const url = new URL(target);
  url.port = String(port);
  await ready(child, port, join(folder.path, "log"));
  return { url: url.href, stop };
}

/** pgbouncer(5). One database, whoever asks, logged in as the URL says; nobody but this machine can ask. */
function settings(target: string, port: number, log: string, { mode, ignored = [] }: PoolerOptions): string {
  const { hostname, port: server, username, password, pathname } = new URL(target);
  const login = `user=${decodeURIComponent(username)} password='${decodeURIComponent(password)}'`;
  return [
    "[databases]",
    `${pathname.slice(1)} = host=${hostname} port=${server} dbname=${pathname.slice(1)} ${login}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    `pool_mode = ${mode}`,
    "default_pool_size = 2",
    `logfile = ${log}`,
    `ignore_startup_parameters = ${ignored.join(",")}`,
    "",
  ].join("\n");
}

async function ready(child: Bun.Subprocess, port: number, log: string): Promise<void> {
  await waitUntil({ forWhat: "pgbouncer to answer", deadlineMs: READY_MS }, async () => {
    if (child.exitCode !== null) throw new OpsFailure("Could not start pgbouncer", { observed: said(log) });
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).catch(() => null);
    socket?.end();
    return socket === null ? { seen: said(log) } : { found: true };
  });
}

function said(log: string): string {
  try {
    return readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "nothing";
  } catch {
    return "nothing";
  }
}
