import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { environmentForPrograms } from "../../../lib/config.ts";
import { embeddedStatus } from "../../../lib/postgres/embedded_status.ts";
import { commandLineOf } from "../../../lib/postgres/process_table.ts";
import type { EmbeddedServer } from "../../../lib/postgres/ready_server.ts";
import { serverUser } from "../../../lib/postgres/server_user.ts";
import { type StartEmbedded, startEmbedded } from "../../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../../lib/postgres/stop_embedded.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { probe, removeHome, temporaryHome } from "../../support/embedded_home.ts";
import { preparedHome } from "../../support/prepared_home.ts";

const WATCHDOG = 90_000;
// Shorter than the watchdog, so that what was seen last is told.
const WAIT = 30_000;
const env = environmentForPrograms();
let home: string;
let said: string[];

beforeEach(() => {
  said = [];
});
afterEach(() => removeHome(home), WATCHDOG);

function start(more: Partial<StartEmbedded> = {}): Promise<EmbeddedServer> {
  return startEmbedded({ home, env, connect: probe, progress: (message) => said.push(message), ...more });
}

/** Another run, as a process of its own. */
function anotherRun(options: { uid?: number; stop?: boolean } = {}) {
  const argv = [process.execPath, join(import.meta.dir, "start_once.ts"), JSON.stringify({ home, ...options })];
  return Bun.spawn(argv, { stdout: "pipe", stderr: "inherit" });
}

async function resultOf(run: ReturnType<typeof anotherRun>): Promise<Record<string, unknown>> {
  return JSON.parse(await new Response(run.stdout).text());
}

function seen(line: RegExp) {
  return waitUntil({ forWhat: String(line), deadlineMs: WAIT }, () =>
    said.some((message) => line.test(message)) ? { found: true } : { seen: said.join("; ") },
  );
}

/** kill -9, then waits until the kernel agrees: what follows must not meet a process that is still dying. */
async function kill9(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await waitUntil({ forWhat: `the end of ${pid}`, deadlineMs: WAIT }, () =>
    commandLineOf(pid) === "" ? { found: true } : { seen: "alive" },
  );
}

async function inDatabase<T>(server: EmbeddedServer, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(server.url.reveal(), { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

for (const binaries of ["system", "npm"] as const) {
  test(
    `startEmbedded() makes a safe cluster with the programs of "${binaries}" and keeps its rows over a stop`,
    async () => {
      home = temporaryHome();
      const first = await start({ binaries });
      expect(first).toMatchObject({ started: true, version: expect.stringMatching(/^15\.\d+$/) });
      const asked = await inDatabase(first, async (sql) => {
        await sql`create table kept as select 42 as answer`;
        const names = ["data_checksums", "fsync", "listen_addresses", "unix_socket_directories", "server_encoding"];
        names.push("TimeZone", "log_statement");
        const settings = await sql<{ name: string; setting: string }[]>`
          select name, setting from pg_settings where name in ${sql(names)}`;
        return Object.fromEntries(settings.map((row) => [row.name, row.setting]));
      });
      expect(asked).toEqual({
        ...{ data_checksums: "on", fsync: "on", listen_addresses: "127.0.0.1", unix_socket_directories: "" },
        ...{ server_encoding: "UTF8", TimeZone: "UTC", log_statement: "none" },
      });
      expect(await stopEmbedded({ home, env })).toEqual({ stopped: true, pid: first.pid });
      const second = await start({ binaries });
      expect(second.started).toBe(true);
      expect(await inDatabase(second, (sql) => sql`select answer from kept`)).toMatchObject([{ answer: 42 }]);
      expect(readdirSync(home).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    },
    WATCHDOG,
  );
}

test(
  "startEmbedded() lets nobody in without the password, and shows the password to nobody",
  async () => {
    home = await preparedHome();
    const server = await start();
    const wrong = new URL(server.url.reveal());
    const password = wrong.password;
    wrong.password = "guessed";
    const sql = postgres(wrong.toString(), { max: 1 });
    await expect(sql`select 1`.execute()).rejects.toMatchObject({ code: "28P01" });
    await sql.end();
    const command = commandLineOf(server.pid);
    expect(password.length).toBeGreaterThan(40);
    expect(`${command} ${JSON.stringify(server)} ${said.join()}`).not.toContain(password);
    expect(statSync(join(server.dataDirectory, "state_hub.password")).mode & 0o777).toBe(0o600);
    expect(statSync(server.dataDirectory).mode & 0o777).toBe(0o700);
  },
  WATCHDOG,
);

test(
  "startEmbedded() reuses a server that runs without a word, a process or a connection",
  async () => {
    home = await preparedHome();
    const first = await start();
    said = [];
    const never = () => Promise.reject(new Error("asked"));
    const again = await start({ connect: never, env: {} });
    expect(again).toMatchObject({ pid: first.pid, port: first.port, started: false, version: first.version });
    expect(again.url.reveal()).toBe(first.url.reveal());
    expect(said).toEqual([]);
    expect(await start({ verify: true })).toMatchObject({ pid: first.pid, started: false });
  },
  WATCHDOG,
);

test(
  "startEmbedded() leaves a server behind that outlives the run that started it, and no pipe of it",
  async () => {
    home = await preparedHome();
    const run = anotherRun();
    // Ends only when nobody holds the run's stdout any more.
    const started = await resultOf(run);
    await run.exited;
    expect(started).toMatchObject({ started: true });
    expect(await start({ verify: true })).toMatchObject({ pid: started.pid, started: false });
    const session = Bun.spawnSync(["ps", "-o", "sid=", "-p", String(started.pid)]).stdout.toString();
    expect(Number(session)).toBe(Number(started.pid));
  },
  WATCHDOG,
);

test(
  "startEmbedded() called by four runs at once gives all of them one server",
  async () => {
    home = temporaryHome();
    const results = await Promise.all([start(), start(), resultOf(anotherRun()), resultOf(anotherRun())]);
    expect(new Set(results.map((result) => result.pid)).size).toBe(1);
    expect(results.filter((result) => result.started)).toHaveLength(1);
    expect(readdirSync(home).sort()).toEqual(["postgres-15", "postgres-15.lock"]);
  },
  WATCHDOG,
);

const MOMENTS: Record<string, (unfinished: string) => boolean> = {
  "has its folder": () => true,
  "writes its catalogs": (unfinished) => existsSync(join(unfinished, "data/base/1")),
  "gets our settings": (unfinished) => {
    const settings = join(unfinished, "data/postgresql.conf");
    return existsSync(settings) && readFileSync(settings, "utf8").includes("State Hub");
  },
};
for (const [moment, reached] of Object.entries(MOMENTS)) {
  test(
    `startEmbedded() begins anew after a kill -9 in the moment when the first cluster ${moment}`,
    async () => {
      home = temporaryHome();
      const run = anotherRun();
      await waitUntil({ forWhat: moment, deadlineMs: WAIT, intervalMs: 1 }, () => {
        const unfinished = readdirSync(home).find((name) => name.endsWith(".tmp"));
        return unfinished !== undefined && reached(join(home, unfinished)) ? { found: true } : { seen: "not yet" };
      });
      run.kill("SIGKILL");
      await run.exited;
      expect(embeddedStatus({ home }).state).toBe("absent");
      expect(await start()).toMatchObject({ started: true });
      expect(readdirSync(home).sort()).toEqual(["postgres-15", "postgres-15.lock"]);
    },
    WATCHDOG,
  );
}

test(
  "startEmbedded() recovers after a kill -9 of the server, with every committed row",
  async () => {
    home = await preparedHome();
    const first = await start();
    await inDatabase(first, (sql) => sql`create table kept as select 42 as answer`);
    await kill9(first.pid);
    expect(embeddedStatus({ home }).state).toBe("stopped");
    const second = await start();
    expect(second.pid).not.toBe(first.pid);
    expect(await inDatabase(second, (sql) => sql`select answer from kept`)).toMatchObject([{ answer: 42 }]);
  },
  WATCHDOG,
);

test(
  "startEmbedded() waits for a backend that outlived the killed server, and names what it waits for",
  async () => {
    home = await preparedHome();
    const first = await start();
    const sql = postgres(first.url.reveal(), { max: 1 });
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const orphan = backend?.pid ?? 0;
    process.kill(orphan, "SIGSTOP");
    await kill9(first.pid);
    const starting = start();
    try {
      await seen(/pre-existing shared memory block|of the killed server still at work/);
    } finally {
      process.kill(orphan, "SIGCONT");
    }
    expect(await starting).toMatchObject({ started: true });
    await sql.end({ timeout: 1 });
  },
  WATCHDOG,
);

test(
  "startEmbedded() is not misled by a pid that another program of the same account got, and leaves that alone",
  async () => {
    home = await preparedHome();
    const { dataDirectory, pid } = await start();
    const pidFile = readFileSync(join(dataDirectory, "postmaster.pid"), "utf8");
    await stopEmbedded({ home, env });
    const owner = serverUser(statSync(dataDirectory).uid);
    const stranger = Bun.spawn(owner.command(["sleep", "1000"]), { cwd: dataDirectory });
    try {
      writeFileSync(join(dataDirectory, "postmaster.pid"), pidFile.replace(String(pid), String(stranger.pid)));
      expect(embeddedStatus({ home }).state).toBe("stopped");
      expect(await stopEmbedded({ home, env })).toEqual({ stopped: false, pid: null });
      expect(await start()).toMatchObject({ started: true });
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill("SIGKILL");
    }
  },
  WATCHDOG,
);

test(
  "startEmbedded() starts over an empty pid file, as a crash of the machine leaves it",
  async () => {
    home = await preparedHome();
    const { dataDirectory } = await start();
    await stopEmbedded({ home, env });
    writeFileSync(join(dataDirectory, "postmaster.pid"), "");
    expect(await start()).toMatchObject({ started: true });
  },
  WATCHDOG,
);

test(
  "startEmbedded() waits for a server that is being stopped, then starts one",
  async () => {
    home = await preparedHome();
    const first = await start();
    // SIGTERM is PostgreSQL's smart shutdown: it waits for this client.
    const sql = postgres(first.url.reveal(), { max: 1 });
    await sql`select 1`;
    process.kill(first.pid, "SIGTERM");
    const starting = start({ verify: true });
    await seen(/is stopping|shutting down/);
    await sql.end();
    const second = await starting;
    expect(second).toMatchObject({ started: true });
    expect(second.pid).not.toBe(first.pid);
  },
  WATCHDOG,
);

test(
  "startEmbedded() with verify gives up on a server that hangs, at its deadline and with its pid",
  async () => {
    home = await preparedHome();
    const server = await start();
    process.kill(server.pid, "SIGSTOP");
    try {
      await expect(start({ verify: true, deadlineMs: 1_000 })).rejects.toMatchObject({
        message: expect.stringContaining(`pid ${server.pid}`),
        observed: expect.stringContaining("its log says"),
      });
      await expect(stopEmbedded({ home, env, deadlineMs: 300 })).rejects.toMatchObject({
        message: expect.stringContaining("to stop"),
        hint: expect.stringContaining(`kill -QUIT ${server.pid}`),
      });
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
  },
  WATCHDOG,
);

test(
  "startEmbedded() refuses a server that answers for another data directory, and a password that is wrong, at once",
  async () => {
    home = await preparedHome();
    const { dataDirectory } = await start();
    const elsewhere = async () => ({ dataDirectory: "/somewhere/else" });
    await expect(start({ verify: true, connect: elsewhere })).rejects.toMatchObject({
      observed: expect.stringContaining("/somewhere/else"),
    });
    writeFileSync(join(dataDirectory, "state_hub.password"), "wrong\n");
    await expect(start({ verify: true })).rejects.toMatchObject({
      observed: expect.stringContaining("password authentication failed"),
    });
  },
  WATCHDOG,
);

test("startEmbedded() aborted before it began starts nothing", async () => {
  home = temporaryHome();
  await expect(start({ signal: AbortSignal.abort(new Error("interrupted")) })).rejects.toThrow("interrupted");
  expect(readdirSync(home)).toEqual([]);
});
