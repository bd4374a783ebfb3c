// Where the embedded State Hub's files lie below its home. One page, so that an operator can be told any path and
// start, stop and status can never mean different folders.
import { realpathSync } from "node:fs";
import { join } from "node:path";

/** The only major version that is served: it stands in the folder's name, so a later one gets a folder of its own. */
export const MAJOR_VERSION = 15;
/** Role and database; the role owns the cluster. */
export const ROLE = "state_hub";
export const DATABASE = "state_hub";

export interface Layout {
  readonly home: string;
  readonly dataDirectory: string;
  readonly passwordFile: string;
  /** The exact version that was started last, such as `15.18`: PG_VERSION alone says 15. */
  readonly versionFile: string;
  readonly lockFile: string;
  readonly binariesDirectory: string;
}

/** The paths below a home, symlinks in the home's own path followed as far as it exists. */
export function layoutOf(home: string): Layout {
  const real = followed(home);
  const dataDirectory = join(real, `postgres-${MAJOR_VERSION}`);
  return {
    home: real,
    dataDirectory,
    passwordFile: join(dataDirectory, "state_hub.password"),
    versionFile: join(dataDirectory, "state_hub.version"),
    lockFile: join(real, `postgres-${MAJOR_VERSION}.lock`),
    binariesDirectory: join(real, `postgres-${MAJOR_VERSION}-binaries`),
  };
}

function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
