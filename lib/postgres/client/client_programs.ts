// Finds pg_dump and pg_restore that fit a server. An older pg_dump refuses a newer server, and a pg_restore of another
// version beside it, or a newer one than the server restored into, fails half way.
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { gentle } from "../../process/gentle.ts";
import { run } from "../../process/run.ts";

/** pg_dump, pg_restore and the like, of one version. */
export interface ClientPrograms {
  readonly directory: string;
  /** `15.18` */
  readonly version: string;
  readonly major: number;
}

interface FindClientPrograms {
  /** Of the server that is dumped, which is that of the one restored into. */
  readonly serverMajor: number;
  readonly env: Record<string, string>;
  /** Look here and nowhere else. */
  readonly directories?: readonly string[];
}

// Where Debian, RPM packages, Homebrew and Postgres.app put the programs of each major version: `*` is one folder's name.
const USUAL_PLACES = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/opt/homebrew/opt/libpq/bin",
  "/usr/local/opt/postgresql@*/bin",
  "/usr/local/opt/libpq/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/**
 * Those of the server's own major version, else of the next newer one: what pg_dump and pg_restore 17 write ("SET
 * transaction_timeout") a server 15 refuses, so the newest of all would be the wrong choice.
 * @throws OpsFailure with what was found and the command to type
 */
export async function findClientPrograms(find: FindClientPrograms): Promise<ClientPrograms> {
  const places = find.directories ?? usualPlaces(find.env);
  const looked = await Promise.all(places.map((directory) => lookAt(directory, find.env)));
  const fitting = looked
    .flatMap((look) => (look.programs === null || look.programs.major < find.serverMajor ? [] : [look.programs]))
    .sort((a, b) => a.major - b.major || minorOf(b) - minorOf(a));
  const best = fitting[0];
  if (best !== undefined) return best;
  const package_ = process.platform === "darwin" ? `brew install postgresql@${find.serverMajor}` : null;
  throw new OpsFailure(`Could not find pg_dump and pg_restore for PostgreSQL ${find.serverMajor}`, {
    observed: looked.map(({ said }) => said).join(", ") || "none in any usual place",
    expected: `version ${find.serverMajor} or newer of both, side by side`,
    hint: package_ ?? `apt-get install postgresql-client-${find.serverMajor}`,
  });
}

interface Look {
  readonly programs: ClientPrograms | null;
  /** "15.18 in /usr/lib/postgresql/15/bin" */
  readonly said: string;
}

async function lookAt(directory: string, env: Record<string, string>): Promise<Look> {
  const [dump, restore] = await Promise.all(
    ["pg_dump", "pg_restore"].map((program) => versionOf(join(directory, program), env)),
  );
  if (dump === null || dump === undefined)
    return { programs: null, said: `a pg_dump that does not run in ${directory}` };
  if (restore !== dump)
    return { programs: null, said: `${dump} in ${directory} with pg_restore ${restore ?? "missing"}` };
  return { programs: { directory, version: dump, major: Number.parseInt(dump, 10) }, said: `${dump} in ${directory}` };
}

async function versionOf(program: string, env: Record<string, string>): Promise<string | null> {
  try {
    const { stdout } = await run([program, "--version"], {
      env: { ...env, LC_ALL: "C" },
      cwd: "/",
      deadlineMs: 10_000,
    });
    return /\(PostgreSQL\) (\d+(?:\.\d+)?)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}

function usualPlaces(env: Record<string, string>): string[] {
  const inPath = (env.PATH ?? "").split(delimiter).filter((directory) => directory.startsWith("/"));
  const all = [...USUAL_PLACES.flatMap(matching), ...inPath];
  return [...new Set(all)].filter((directory) => existsSync(join(directory, "pg_dump")));
}

function matching(place: string): string[] {
  const star = place.split("/").find((part) => part.includes("*"));
  if (star === undefined) return [place];
  const [above = "", below = ""] = place.split(`/${star}/`);
  const [before = "", after = ""] = star.split("*");
  try {
    const names = readdirSync(above).filter((name) => name.startsWith(before) && name.endsWith(after));
    return names.map((name) => join(above, name, below));
  } catch {
    return [];
  }
}

function minorOf({ version }: ClientPrograms): number {
  return Number(version.split(".")[1] ?? 0);
}

/** argv of one of them, giving way to other programs when asked. */
export function clientArgv(programs: ClientPrograms, program: "pg_dump" | "pg_restore", nice = false): string[] {
  return gentle([join(programs.directory, program)], nice);
}
