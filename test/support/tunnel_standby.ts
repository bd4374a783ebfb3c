// A PostgreSQL server and its hot standby, made by pg_basebackup, behind one address: what a hub is left with when its server
// is lost and nobody has promoted the standby yet.
import { randomBytes } from "node:crypto";
import { appendFileSync, chownSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { OpsFailure } from "../../lib/failure.ts";
import { lookForBinaries } from "../../lib/postgres/binaries.ts";
import { layoutOf, MAJOR_VERSION } from "../../lib/postgres/layout.ts";
import { serverUser } from "../../lib/postgres/server_user.ts";
import { run } from "../../lib/process/run.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { proxyTo } from "./database_proxy.ts";
import { folderForServers, removeFolderForServers } from "./disposable_server.ts";
import { freePort } from "./free_port.ts";

export interface ServerAndStandby {
  /** Of an empty database `hub`, at an address that stays the same. */
  readonly url: string;
  /** The server is lost; from now on the standby answers, and takes no changes. */
  failOver(): Promise<void>;
  remove(): Promise<void>;
}

/** @throws OpsFailure (automation) with what a program of PostgreSQL said */
export async function serverAndStandby(): Promise<ServerAndStandby> {
  const folder = folderForServers();
  const remove = () => removeFolderForServers(folder);
  whenTestsEnd(remove);
  const password = randomBytes(16).toString("hex");
  const ask = await programsIn(folder, password);
  const [first, standby] = [join(folder, "first"), join(folder, "standby")];
  const [port, standbyPort] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
  const urlAt = (at: number) => `postgres://postgres:${password}@127.0.0.1:${at}/hub`;
  const start = (data: string, at: number) =>
    ask("pg_ctl", "start", "-w", "-D", data, "-l", `${data}.log`, "-o", `-h 127.0.0.1 -k '' -p ${at} -c fsync=off`);
  await makeCluster(ask, { folder, data: first, password });
  await start(first, port);
  const server = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres"];
  await ask("createdb", ...server, "hub");
  const proxy = await proxyTo(urlAt(port));
  return {
    url: proxy.url,
    failOver: async () => {
      await ask("pg_basebackup", ...server, "-D", standby, "-R", "-X", "stream", "-c", "fast", "--no-sync");
      await start(standby, standbyPort);
      proxy.moveTo(urlAt(standbyPort));
      await ask("pg_ctl", "stop", "-m", "immediate", "-D", first);
    },
    remove: async () => {
      proxy.close();
      await remove();
    },
  };
}

type Ask = (program: string, ...args: string[]) => Promise<void>;

/** PostgreSQL's programs, as the account that its servers run as. */
async function programsIn(folder: string, password: string): Promise<Ask> {
  const user = serverUser(null);
  const env = { ...environmentForPrograms(), PGPASSWORD: password };
  const found = await lookForBinaries({ major: MAJOR_VERSION, layout: layoutOf(folder), user, env });
  if (!("found" in found)) throw new OpsFailure("Could not find PostgreSQL", { observed: found.seen });
  const { directory } = found.found;
  if (user.switched) chownSync(folder, user.uid, user.gid);
  return async (program, ...args) => {
    const argv = user.command([join(directory, program), ...args]);
    const { exitCode, stderr } = await run(argv, { env, deadlineMs: 60_000, cwd: folder });
    if (exitCode !== 0) throw new OpsFailure(`Could not run ${program}`, { observed: stderr.trim() });
  };
}

async function makeCluster(ask: Ask, o: { folder: string; data: string; password: string }): Promise<void> {
  const user = serverUser(null);
  const secret = join(o.folder, "password");
  writeFileSync(secret, o.password, { mode: 0o600 });
  if (user.switched) chownSync(secret, user.uid, user.gid);
  await ask("initdb", "-D", o.data, "-U", "postgres", "-A", "scram-sha-256", `--pwfile=${secret}`, "--no-sync");
  rmSync(secret);
  appendFileSync(join(o.data, "postgresql.conf"), "wal_level = replica\nhot_standby = on\n");
}
