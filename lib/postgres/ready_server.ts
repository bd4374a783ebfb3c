// A server as its files describe it: what most runs need to know, at the price of a few file reads.
import { Secret } from "../secret.ts";
import { passwordOf, versionOf } from "./cluster.ts";
import { homeFailure } from "./home.ts";
import { DATABASE, type Layout, ROLE } from "./layout.ts";
import { lookAtPostmaster } from "./postmaster.ts";

export interface EmbeddedServer {
  /** postgres://state_hub:...@127.0.0.1:PORT/state_hub */
  readonly url: Secret;
  readonly port: number;
  readonly pid: number;
  readonly dataDirectory: string;
  /** False: it was running already. */
  readonly started: boolean;
  /** `15.18` */
  readonly version: string;
}

/** The server as its files describe it when they say "ready"; null otherwise. @throws OpsFailure: not readable */
export function readyServer(layout: Layout): EmbeddedServer | null {
  try {
    const look = lookAtPostmaster(layout.dataDirectory);
    if (look.state !== "running" || look.postmaster.status !== "ready" || look.postmaster.port === null) return null;
    return describeServer(layout, { pid: look.postmaster.pid, port: look.postmaster.port, started: false });
  } catch (cause) {
    throw homeFailure(layout.dataDirectory, cause);
  }
}

export function describeServer(
  layout: Layout,
  server: { readonly pid: number; readonly port: number; readonly started: boolean },
): EmbeddedServer {
  const login = `${ROLE}:${encodeURIComponent(passwordOf(layout))}`;
  return {
    ...server,
    url: new Secret(`postgres://${login}@127.0.0.1:${server.port}/${DATABASE}`),
    dataDirectory: layout.dataDirectory,
    version: versionOf(layout),
  };
}
