// What the embedded server is doing, from a few files: cheap enough for every run's first step.
import { statSync } from "node:fs";
import { join } from "node:path";
import { homeFailure } from "./home.ts";
import { layoutOf } from "./layout.ts";
import { lookAtPostmaster } from "./postmaster.ts";

export interface EmbeddedStatus {
  readonly state: "absent" | "stopped" | "running";
  readonly dataDirectory: string;
  /** The server's pid; null unless it runs. */
  readonly pid: number | null;
  /** Null unless it runs and has said so. */
  readonly port: number | null;
}

/**
 * `running` includes a server that is just starting, stopping or recovering.
 * @throws OpsFailure when the files may not be read: "could not look" is not "stopped"
 */
export function embeddedStatus(options: { readonly home: string }): EmbeddedStatus {
  const { dataDirectory } = layoutOf(options.home);
  try {
    if (statSync(join(dataDirectory, "PG_VERSION"), { throwIfNoEntry: false }) === undefined) {
      return { state: "absent", dataDirectory, pid: null, port: null };
    }
    const look = lookAtPostmaster(dataDirectory);
    if (look.state !== "running") return { state: "stopped", dataDirectory, pid: null, port: null };
    return { state: "running", dataDirectory, pid: look.postmaster.pid, port: look.postmaster.port };
  } catch (cause) {
    throw homeFailure(dataDirectory, cause);
  }
}
