// What a remote's URL may be. It comes from a repository's own config, so that it is input: `ext::sh -c ...` runs a
// program, `-x` is an option and `--upload-pack=...` both. Only three ways are open: a local path, ssh and https.
import { OpsFailure } from "../../failure.ts";
import { printableUrl, scrubText } from "../../secret.ts";
import { shellQuoted } from "../../shell_quoted.ts";

export interface Remote {
  /** As git is given it: no password, and over https no user name. */
  readonly url: string;
  readonly kind: "file" | "ssh" | "https";
  /** Lower case, `host` or `host:port` where the port is not the usual one; "" for a local path. */
  readonly host: string;
}

// gitremote-helpers(7): `<transport>::<address>` starts the program git-remote-<transport>.
const HELPER = /^[a-z0-9][\w+.-]*::/i;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is;
// git-clone(1), "GIT URLS": a colon before the first slash makes it ssh; brackets hold an IPv6 address.
const SCP = /^(?:([^/@]*)@)?(\[[^/\]]*\]|[^/:]*):(.*)$/s;
const HOST = /^(?:\w[\w.-]*|\[[0-9a-f:.]+\])$/i;
// ssh puts the user's name into commands of its own config (ProxyCommand, Match exec): no shell character may come along.
const USER = /^\w[\w.+-]*$/;
const LOGIN = /^[\w.+%~-]*$/;
const PORT = /^[1-9]\d{0,4}$/;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;
const USUAL_PORT = { ssh: "22", https: "443" } as const;
const EXPECTED = "an absolute path, file:///path, ssh://host/path, user@host:path or https://host/path";

/** @throws OpsFailure (automation) for any other transport, a password, and whatever could be taken for an option */
export function remoteOf(url: string): Remote {
  const refuse = (observed: string, hint?: string): never => {
    throw new OpsFailure("Could not use the remote's URL", {
      observed,
      expected: EXPECTED,
      where: shellQuoted(scrubText(printableUrl(url))),
      ...(hint === undefined ? {} : { hint }),
    });
  };
  if (url.trim() === "") refuse("it is empty");
  if (CONTROL.test(url) || !url.isWellFormed()) refuse("it has characters that cannot be shown");
  if (url.startsWith("-")) refuse("it begins with -, as an option does");
  if (HELPER.test(url)) refuse(`the transport ${url.split("::")[0]}:: starts a program`);
  if (url.startsWith("/")) return { url, kind: "file", host: "" };
  const withScheme = SCHEME.exec(url);
  if (withScheme) return fromUrl((withScheme[1] ?? "").toLowerCase(), withScheme[2] ?? "", refuse);
  const [, user, host, path] = SCP.exec(url) ?? [];
  if (host === undefined || path === undefined) return refuse("it is a relative path");
  const inBrackets = /^\[([^:\]]+(?::\d+)?)\]$/.exec(host)?.[1];
  checkPlace({ user, host: inBrackets?.split(":")[0] ?? host, port: inBrackets?.split(":")[1], path }, refuse);
  return { url, kind: "ssh", host: hostOf("ssh", inBrackets ?? host) };
}

type Refuse = (observed: string, hint?: string) => never;

interface Place {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: string | undefined;
  readonly path: string;
}

function fromUrl(scheme: string, rest: string, refuse: Refuse): Remote {
  if (ENCODED_CONTROL.test(rest)) refuse("it has encoded characters that cannot be shown");
  if (scheme === "file") {
    return rest.startsWith("/") ? { url: `file://${rest}`, kind: "file", host: "" } : refuse("file:// names a host");
  }
  if (scheme === "http") refuse("http is readable, and can be changed, on its way", "use the https URL");
  if (scheme !== "ssh" && scheme !== "https") return refuse(`the transport ${scheme}:// is not open`);
  const [, login, host, port, path] = /^(?:([^/]*)@)?(\[[^/\]]*\]|[^/:]*)(?::([^/]*))?(\/.*)?$/s.exec(rest) ?? [];
  if (host === undefined) return refuse("its host cannot be read");
  if (login?.includes(":")) {
    refuse("it holds a password", "let a credential helper of your own git config, or a key, give it");
  }
  if (login !== undefined && !LOGIN.test(login)) refuse("its user is no user name");
  checkPlace({ user: scheme === "ssh" ? login : undefined, host, port, path: path ?? "" }, refuse);
  const place = port === undefined || port === "" ? host : `${host}:${port}`;
  const user = scheme === "ssh" && login !== undefined ? `${login}@` : "";
  return { url: `${scheme}://${user}${place}${path}`, kind: scheme, host: hostOf(scheme, place) };
}

function checkPlace({ user, host, port, path }: Place, refuse: Refuse): void {
  if (host.startsWith("-") || path.startsWith("-")) refuse("its host or path begins with -, as an option does");
  if (!HOST.test(host)) refuse("its host is no host name");
  if (user !== undefined && !USER.test(user)) refuse("its user is no user name");
  if (port !== undefined && port !== "" && !PORT.test(port)) refuse("its port is no number");
  if (path.replaceAll("/", "") === "") refuse("it names no repository on that host");
}

function hostOf(kind: "ssh" | "https", place: string): string {
  return place.toLowerCase().replace(new RegExp(`:${USUAL_PORT[kind]}$`), "");
}
