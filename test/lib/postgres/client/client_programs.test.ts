// Which pg_dump is taken, among small programs that print a version as the real ones do, and the real ones.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { clientArgv, findClientPrograms } from "../../../../lib/postgres/client/client_programs.ts";
import { failureOf } from "../../../support/failure_of.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";

const env = environmentForPrograms();
const temporary = temporaryFolder();
afterAll(() => temporary.remove());
let folders = 0;

/** A folder with programs that print these versions; null: it is not there. */
function installed(dump: string | null, restore = dump): string {
  const directory = join(temporary.path, `${++folders}`);
  mkdirSync(directory);
  for (const [program, version] of [
    ["pg_dump", dump],
    ["pg_restore", restore],
  ]) {
    if (version === null) continue;
    writeFileSync(join(directory, `${program}`), `#!/bin/sh\necho "${program} (PostgreSQL) ${version} (Debian 1)"\n`);
    chmodSync(join(directory, `${program}`), 0o755);
  }
  return directory;
}

describe("findClientPrograms()", () => {
  test("takes the server's own major version, the newest of it", async () => {
    const directories = [
      installed("17.2"),
      installed("15.3"),
      installed("15.18"),
      installed("13.9"),
      installed("16.1"),
    ];
    const found = await findClientPrograms({ serverMajor: 15, env, directories });
    expect(found).toEqual({ directory: directories[2] ?? "", version: "15.18", major: 15 });
  });

  test("takes the next newer one where the server's own is missing, betas too", async () => {
    const directories = [installed("18beta1"), installed("17.2"), installed("15.3")];
    expect(await findClientPrograms({ serverMajor: 16, env, directories })).toMatchObject({ major: 17 });
    expect(await findClientPrograms({ serverMajor: 18, env, directories })).toMatchObject({ version: "18", major: 18 });
  });

  test("names what is there and the package to install when all are older than the server", async () => {
    const directories = [installed("15.18")];
    const failure = await failureOf(findClientPrograms({ serverMajor: 17, env, directories }));
    expect(failure.message).toBe("Could not find pg_dump and pg_restore for PostgreSQL 17");
    expect(failure.observed).toBe(`15.18 in ${directories[0]}`);
    expect(failure.hint).toMatch(/^(apt-get install postgresql-client-17|brew install postgresql@17)$/);
  });

  test("passes over a pg_dump whose pg_restore is missing, is of another version or does not run", async () => {
    const broken = installed("15.4");
    writeFileSync(join(broken, "pg_dump"), "#!/no/such/interpreter\n");
    const directories = [installed("15.18", null), installed("15.18", "15.17"), broken];
    const { observed } = await failureOf(findClientPrograms({ serverMajor: 15, env, directories }));
    expect(observed).toContain(`15.18 in ${directories[0]} with pg_restore missing`);
    expect(observed).toContain(`15.18 in ${directories[1]} with pg_restore 15.17`);
    expect(observed).toContain(`a pg_dump that does not run in ${broken}`);
    const good = installed("15.1");
    expect(await findClientPrograms({ serverMajor: 15, env, directories: [...directories, good] })).toMatchObject({
      directory: good,
    });
  });

  test("finds the real ones, in a usual place or in the PATH", async () => {
    const found = await findClientPrograms({ serverMajor: 15, env });
    expect(found.version).toMatch(/^15\.\d+$/);
    expect(found.major).toBe(15);
    const inPath = join(temporary.path, "in-path");
    mkdirSync(inPath);
    for (const program of ["pg_dump", "pg_restore"])
      symlinkSync(join(installed("99.1"), program), join(inPath, program));
    const PATH = `${inPath}:${dirname(process.execPath)}:/usr/bin:/bin`;
    expect(await findClientPrograms({ serverMajor: 99, env: { PATH } })).toMatchObject({ directory: inPath });
  });
});

describe("clientArgv()", () => {
  test("names the program by its whole path, below nice when asked", () => {
    const programs = { directory: "/usr/lib/postgresql/15/bin", version: "15.18", major: 15 };
    expect(clientArgv(programs, "pg_dump")).toEqual(["/usr/lib/postgresql/15/bin/pg_dump"]);
    expect(clientArgv(programs, "pg_restore", true)).toEqual([
      ..."nice -n 19 /usr/lib/postgresql/15/bin/pg_restore".split(" "),
    ]);
  });
});
