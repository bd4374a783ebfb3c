// NATS_URL taken apart: the client understands hosts alone, and would print a whole URL, password included, where it
// fails. nats://user:password@host:4222, nats://token@host, tls://host, several servers joined by commas.
import { usageFailure } from "../failure.ts";
import type { Secret } from "../secret.ts";

export interface NatsAddress {
  /** Each `host:port`, without credentials. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  /** As the client's options name them: user and pass, or token, or none. */
  readonly credentials: Readonly<{ user?: string; pass?: string; token?: string }>;
  /** To be shown: without credentials. */
  readonly printable: string;
}

const DEFAULT_PORT = "4222";

/** @throws OpsFailure (usage), without the value: it may hold a password */
export function natsAddress(url: Secret): NatsAddress {
  const parsed = url
    .reveal()
    .split(",")
    .map((each) => serverOf(each.trim()));
  const schemes = new Set(parsed.map(({ protocol }) => protocol));
  const logins = new Map(
    parsed
      .map((each) => credentialsOf(each))
      .filter((each) => Object.keys(each).length > 0)
      .map((each) => [JSON.stringify(each), each]),
  );
  if (schemes.size > 1) throw unusable("nats:// for one server and tls:// for another", "the same scheme for all");
  if (logins.size > 1) throw unusable("different credentials for its servers", "the same credentials for all");
  const servers = parsed.map(({ hostname, port }) => `${hostname}:${port || DEFAULT_PORT}`);
  const [scheme = "nats:"] = schemes;
  return {
    servers,
    tls: scheme === "tls:",
    credentials: [...logins.values()][0] ?? {},
    printable: servers.map((server) => `${scheme}//${server}`).join(","),
  };
}

function serverOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^(nats|tls):$/.test(url.protocol) || url.hostname === "") {
    throw unusable(
      "not a NATS URL",
      "nats://HOST:4222, nats://USER:PASSWORD@HOST:4222, nats://TOKEN@HOST:4222 or tls://...",
    );
  }
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    throw unusable(
      "something after the port",
      "no path and no parameters; in a password, write / as %2F, ? as %3F and # as %23",
    );
  }
  return url;
}

/** A name alone is a token: so the server's own tools read it. */
function credentialsOf({ username, password }: URL): NatsAddress["credentials"] {
  if (username === "") return {};
  return password === "" ? { token: plain(username) } : { user: plain(username), pass: plain(password) };
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable("a % in its credentials that starts no escape", "% written as %25");
  }
}

function unusable(observed: string, expected: string) {
  return usageFailure("Could not use NATS_URL", {
    observed: `${observed} (its value is not printed: it may hold a password)`,
    expected,
    hint: "export NATS_URL=nats://127.0.0.1:4222",
  });
}
