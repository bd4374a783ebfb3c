// A URL as libpq's variables: what psql, the real one, then connects to and as whom.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import postgres from "postgres";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { findClientPrograms } from "../../../../lib/postgres/client/client_programs.ts";
import { libpqEnvironment } from "../../../../lib/postgres/client/libpq_environment.ts";
import { run } from "../../../../lib/process/run.ts";
import { Secret } from "../../../../lib/secret.ts";
import { testServer } from "../../../support/postgres_server.ts";

const env = environmentForPrograms();

/** What of the environment the URL makes. */
function of(url: string): Record<string, string> {
  return libpqEnvironment(new Secret(url), {});
}

describe("libpqEnvironment()", () => {
  test("takes every part of a URL, decoded, and keeps the rest of the environment", () => {
    const url =
      "postgres://me%40home:p%40ss%3A%2F%20w%25@[::1]:6000/My%20%22db%22?sslmode=verify-full&sslrootcert=/ca.pem";
    expect(libpqEnvironment(new Secret(url), { PATH: "/bin", LC_ALL: "de_DE.UTF-8" })).toEqual({
      PATH: "/bin",
      LC_ALL: "C",
      PGHOST: "::1",
      PGPORT: "6000",
      PGUSER: "me@home",
      PGPASSWORD: "p@ss:/ w%",
      PGDATABASE: 'My "db"',
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: "/ca.pem",
      PGAPPNAME: "backup_restore_drill",
      PGCONNECT_TIMEOUT: "30",
    });
  });

  test("leaves what a URL does not say to libpq, but never looks for a socket where no host is named", () => {
    expect(Object.keys(of("postgres:///hub")).sort()).toEqual(
      ["LC_ALL", "PGAPPNAME", "PGCONNECT_TIMEOUT", "PGDATABASE", "PGHOST"].sort(),
    );
    expect(of("postgres:///hub").PGHOST).toBe("localhost");
    expect(of("postgres:///hub?host=/var/run/postgresql&port=5433")).toMatchObject({
      PGHOST: "/var/run/postgresql",
      PGPORT: "5433",
    });
  });

  test("takes ssl= as libpq and the driver do", () => {
    expect(of("postgres://h/d?ssl=true").PGSSLMODE).toBe("require");
    expect(of("postgres://h/d?ssl=verify-full").PGSSLMODE).toBe("verify-full");
    expect(of("postgres://h/d?ssl=false").PGSSLMODE).toBeUndefined();
    expect(of("postgres://h/d?ssl=true&sslmode=verify-ca").PGSSLMODE).toBe("verify-ca");
  });

  test("connects psql with a role, a password and a database of all signs, and the URL's settings", async () => {
    const server = await testServer();
    const odd = `o'd "d\\\\ %/?#@:ü*`;
    const sql = postgres(server.url.reveal(), { max: 1, onnotice: () => {} });
    const psql = join((await findClientPrograms({ serverMajor: 15, env })).directory, "psql");
    try {
      await sql`create database ${sql(odd)}`;
      await sql.unsafe(`create role "${odd.replaceAll('"', '""')}" login password '${odd.replaceAll("'", "''")}'`);
      const url = new URL(server.url.reveal());
      const word = encodeURIComponent(odd);
      const text = `postgres://${word}:${word}@${url.host}/${word}?work_mem=7MB&max=2&idle_timeout=5&keepalives=1&search_path=${encodeURIComponent("a, b\\c")}`;
      const asked = `select current_database(), current_user, current_setting('work_mem'), current_setting('search_path'),
        current_setting('application_name')`;
      const argv = [psql, "-XAt", "--no-password", "-F", "|", "-c", asked];
      const { stdout, stderr } = await run(argv, { env: libpqEnvironment(new Secret(text), env), deadlineMs: 20_000 });
      expect(stderr).toBe("");
      expect(stdout).toBe(`${odd}|${odd}|7MB|a, b\\c|backup_restore_drill\n`);
    } finally {
      await sql`drop database if exists ${sql(odd)}`;
      await sql.unsafe(`drop role if exists "${odd.replaceAll('"', '""')}"`);
      await sql.end({ timeout: 1 });
    }
  });
});
