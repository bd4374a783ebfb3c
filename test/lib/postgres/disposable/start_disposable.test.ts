import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../../lib/postgres/free_port.ts";
import { parsePostmasterPid } from "../../../../lib/postgres/postmaster.ts";
import { listProcesses } from "../../../../lib/postgres/process_table.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { asked, disposable, folderForServers, removeFolderForServers } from "../../../support/disposable_server.ts";

const WATCHDOG = 60_000;
let folder: string;

beforeEach(() => {
  folder = folderForServers();
});
afterEach(() => removeFolderForServers(folder), WATCHDOG);

/** Of the server's folder and of every process: what a stop must have taken away. */
function leftOf(at: string) {
  return {
    files: existsSync(at) ? readdirSync(at) : [],
    processes: listProcesses().filter(({ command }) => command.includes(at)),
  };
}

test(
  "startDisposable() gives the superuser any name, every database name but the templates', and a closed folder",
  async () => {
    const names = ["We\"ird 'Näme\\ {x,y}\n@/:", "x".repeat(63)];
    await Promise.all(
      names.map(async (superuser, index) => {
        const server = await disposable(folder, { superuser, folder: join(folder, `server-${index}`) });
        try {
          const [row] = await asked(server.maintenance, (query) =>
            query(
              `select current_user as name, rolsuper as super, (select to_json(array_agg(datname::text order by datname)) from pg_database)
                 as databases from pg_roles where rolname = current_user`,
            ),
          );
          expect(row).toEqual({ name: superuser, super: true, databases: ["template0", "template1"] });
          expect(server.version).toMatch(/^15\.\d+$/);
          expect(statSync(join(folder, `server-${index}`)).mode & 0o777).toBe(0o700);
          const password = new URL(server.urlOf("x").reveal()).password;
          expect(listProcesses().filter(({ command }) => command.includes(password))).toEqual([]);
          expect(existsSync(join(folder, `server-${index}`, "password"))).toBe(false);
        } finally {
          await server.stop();
        }
      }),
    );
    expect(readdirSync(folder)).toEqual([]);
  },
  WATCHDOG,
);

test(
  "startDisposable() asks for the password, holds 60,000 locks in one transaction and logs no failed statement",
  async () => {
    const server = await disposable(folder, { nice: true });
    try {
      const wrong = new URL(server.maintenance.reveal());
      wrong.password = "guessed";
      const { Secret } = await import("../../../../lib/secret.ts");
      await expect(asked(new Secret(wrong.toString()), (query) => query("select 1"))).rejects.toThrow("password");
      await asked(server.maintenance, async (query) => {
        const [row] = await query<{ taken: string }>(
          "select count(pg_advisory_xact_lock(i)) as taken from generate_series(1, 60000) i",
        );
        expect(row?.taken).toBe("60000");
        await expect(query("create role r password 'in the clear' nonsense")).rejects.toThrow("nonsense");
      });
      // Written by a process of its own, a moment later.
      await waitUntil({ forWhat: "the log's line", deadlineMs: 5_000 }, () =>
        server.lastWords().includes('option "nonsense"') ? { found: true } : { seen: server.lastWords() },
      );
      expect(readFileSync(join(server.dataDirectory, "log/postgresql.log"), "utf8")).not.toContain("in the clear");
    } finally {
      await server.stop();
    }
  },
  WATCHDOG,
);

test(
  "startDisposable() takes another port when somebody got the chosen one first",
  async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const ports = [taken.port, freePort()];
    const server = await disposable(folder, { choosePort: () => ports.shift() ?? freePort() });
    expect(server.port).not.toBe(taken.port);
    taken.stop(true);
    await server.stop();
  },
  WATCHDOG,
);

test(
  "stop() is quick and whole whatever the server does, and may be said twice",
  async () => {
    const server = await disposable(folder);
    const sleeping = asked(server.maintenance, (query) => query("select pg_sleep(60)"));
    const ended = sleeping.then(
      () => "slept",
      () => "cut off",
    );
    await waitUntil({ forWhat: "the query to run", deadlineMs: 5_000 }, async () => {
      const rows = await asked(server.maintenance, (query) =>
        query("select 1 from pg_stat_activity where wait_event = 'PgSleep'"),
      );
      return rows.length > 0 ? { found: true } : { seen: "none" };
    });
    const started = performance.now();
    await Promise.all([server.stop(), server.stop()]);
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(await ended).toBe("cut off");
    expect(leftOf(join(folder, "server"))).toEqual({ files: [], processes: [] });
  },
  WATCHDOG,
);

test(
  "stop() also ends a server that was killed or stopped, and gives its shared memory back",
  async () => {
    for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
      const server = await disposable(folder);
      const pidFile = readFileSync(join(server.dataDirectory, "postmaster.pid"), "utf8");
      process.kill(parsePostmasterPid(pidFile)?.pid ?? 0, signal);
      await server.stop();
      expect(leftOf(join(folder, "server"))).toEqual({ files: [], processes: [] });
      const [key, id] = pidFile.split("\n")[6]?.trim().split(/\s+/) ?? [];
      const memory = readFileSync("/proc/sysvipc/shm", "utf8");
      expect(memory).not.toMatch(new RegExp(`^\\s*${key}\\s+${id}\\s`, "m"));
    }
  },
  WATCHDOG,
);

test(
  "startDisposable() leaves nothing when it is aborted, be it in initdb or later",
  async () => {
    const server = join(folder, "server");
    for (const sign of ["data/PG_VERSION", "data/global/pg_control", "version", "data/postmaster.pid"]) {
      const aborting = new AbortController();
      const starting = disposable(folder, { signal: aborting.signal });
      const refused = starting.then(
        () => "started",
        (error) => error.message,
      );
      await waitUntil({ forWhat: sign, deadlineMs: 20_000, intervalMs: 1 }, () =>
        existsSync(join(server, sign)) ? { found: true } : { seen: "not yet" },
      );
      // A hung initdb too: what is aborted is not waited for.
      const initdb = leftOf(server).processes.filter(({ command }) => /^\S*initdb /.test(command));
      for (const { pid } of initdb) process.kill(pid, "SIGSTOP");
      aborting.abort(new Error("no longer wanted"));
      expect(await refused).toBe("no longer wanted");
      expect({ sign, ...leftOf(server) }).toEqual({ sign, files: [], processes: [] });
    }
  },
  WATCHDOG,
);

test("startDisposable() names the package of a version that is not here, and leaves no folder", async () => {
  await expect(disposable(folder, { major: 99 })).rejects.toMatchObject({
    message: "Could not find PostgreSQL 99 for a disposable server",
    hint: "apt-get install postgresql-99",
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("startDisposable() never uses a folder that is there, and leaves it alone", async () => {
  await Bun.write(join(folder, "server/kept"), "");
  await expect(disposable(folder)).rejects.toMatchObject({
    message: "Could not make a folder for a disposable server",
    where: join(folder, "server"),
  });
  expect(existsSync(join(folder, "server/kept"))).toBe(true);
});

test(
  "startDisposable() says that the disk is full, wherever that stops it, and leaves nothing on it",
  async () => {
    for (const size of ["1m", "25m", "36m"]) {
      expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${size},mode=711`, "tmpfs", folder]).exitCode).toBe(0);
      try {
        await expect(disposable(folder)).rejects.toMatchObject({
          observed: `no space left on device (${folder})`,
          hint: `df -h ${folder}`,
        });
        expect({ size, left: readdirSync(folder) }).toEqual({ size, left: [] });
      } finally {
        Bun.spawnSync(["umount", "--lazy", folder]);
      }
    }
  },
  WATCHDOG,
);
