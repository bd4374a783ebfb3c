// What a host is called by: a name of ~/.ssh/config, or a URL where user and port are not written there. (pure)
import { usageFailure } from "../failure.ts";
import { printableUrl } from "../secret.ts";
import { areNames } from "../ssh/resolve_host.ts";

/** For resolveHost(), which asks ssh what is not said here. */
export interface HostName {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/**
 * @param text `NAME`, `USER@NAME` or `ssh://USER@NAME:PORT`
 * @throws OpsFailure (usage) for another scheme, a password, a path, and what no host or account is called
 */
export function hostName(text: string): HostName {
  const named = text.includes("://") ? inUrl(text) : withUser(text);
  if (named.host === "") throw refused(text, "it names no host");
  if (named.port === 0) throw refused(text, "0 is no port");
  if (!areNames(named.host, named.user)) throw refused(text, "no host and no account is called that");
  return named;
}

function inUrl(text: string): HostName {
  // A "%" that begins no byte in hexadecimal is none of a URL's either, though the parser lets it through.
  if (!text.startsWith("ssh://") || !URL.canParse(text) || /%(?![0-9a-f]{2})/i.test(text))
    throw refused(text, "it is no URL of ssh");
  const { hostname, username, password, port, pathname, search, hash } = new URL(text);
  if (password !== "") throw refused(text, "it holds a password; keys or an agent are used");
  if (!["", "/"].includes(pathname) || search !== "" || hash !== "") throw refused(text, "something follows the host");
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    ...(username === "" ? {} : { user: decodeURIComponent(username) }),
    ...(port === "" ? {} : { port: Number(port) }),
  };
}

function withUser(text: string): HostName {
  const at = text.lastIndexOf("@");
  return at === -1 ? { host: text } : { host: text.slice(at + 1), user: text.slice(0, at) };
}

function refused(text: string, observed: string) {
  return usageFailure("Could not use the host", {
    observed,
    expected: "a name of ~/.ssh/config, or ssh://USER@HOST:PORT",
    where: printableUrl(text),
    hint: "scripts/on_host.ts --help",
  });
}
