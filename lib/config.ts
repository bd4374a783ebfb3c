// The only reader of the environment. Everything else gets its settings as arguments, so a test can run two
// configurations side by side and a reader can find every variable on one page (the README's table names them all).
import { readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { usageFailure } from "./failure.ts";
import { Secret } from "./secret.ts";
import { shellQuoted } from "./shell_quoted.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the hub's database is: the embedded server, a URL (a secret: it may hold a password), or not said. */
export type DatabaseTarget =
  | { readonly kind: "embedded" }
  | { readonly kind: "url"; readonly url: Secret }
  | { readonly kind: "unset" };

export interface Config {
  readonly database: DatabaseTarget;
  /** Mirrors, the embedded server, spooled rows. */
  readonly stateHubHome: string;
  /** This machine's name in `repo_checkouts` and in reports. */
  readonly host: string;
}

/** What a hub that serves, and whoever talks to one, is told beside the database. */
export interface ServiceConfig {
  /** Where clients find the hub. */
  readonly hubUrl: string;
  /** What a hub on another address than loopback asks for. */
  readonly token: Secret | null;
  /** Names, beside those of loopback, by which this hub may be called: `hub.example` or `hub.example:8000`. */
  readonly allowedHosts: readonly string[];
  /** null: events are kept in the database and sent to nobody. It may hold a password. */
  readonly natsUrl: Secret | null;
}

export interface TerminalConfig {
  readonly noColor: boolean;
  readonly dumb: boolean;
  readonly ci: boolean;
  readonly logFormat: "text" | "json";
}

/** @throws OpsFailure (usage) for a `..._FILE` that cannot be read or a DATABASE_URL that is no URL */
export function readConfig(env: Environment = process.env): Config {
  return {
    database: databaseTarget(secretFrom(env, "DATABASE_URL")),
    stateHubHome: present(env.STATE_HUB_HOME) ?? defaultHome(env),
    host: hostname(),
  };
}

const DEFAULT_HUB_URL = "http://127.0.0.1:8000";

/** @throws OpsFailure (usage) for a `..._FILE` that cannot be read or a STATE_HUB_URL that is no URL */
export function readServiceConfig(env: Environment = process.env): ServiceConfig {
  const [token, natsUrl] = [secretFrom(env, "STATE_HUB_TOKEN"), secretFrom(env, "NATS_URL")];
  return {
    hubUrl: hubUrl(present(env.STATE_HUB_URL) ?? DEFAULT_HUB_URL),
    token: token === undefined ? null : new Secret(token),
    allowedHosts: (present(env.STATE_HUB_ALLOWED_HOSTS) ?? "").split(/[\s,]+/).filter((host) => host !== ""),
    natsUrl: natsUrl === undefined ? null : new Secret(natsUrl),
  };
}

/** Never throws: it decides how errors are printed. NO_COLOR counts when it is not empty (no-color.org). */
export function readTerminalConfig(env: Environment = process.env): TerminalConfig {
  return {
    noColor: present(env.NO_COLOR) !== undefined,
    dumb: env.TERM === "dumb",
    ci: present(env.CI) !== undefined && env.CI !== "false",
    logFormat: env.LOG_FORMAT === "json" ? "json" : "text",
  };
}

/**
 * A database that a flag names: a URL without a password (.pgpass, a certificate or the server's trust lets it in), or where one
 * with a password stands, since argv can be read by every account of the machine.
 * @param value `postgres://USER@HOST/DATABASE`, `env:NAME` or `file:PATH`
 * @throws OpsFailure (usage) that never prints the URL
 */
export function databaseUrlOfFlag(flag: string, value: string, env: Environment = process.env): Secret {
  const [, kind, rest = ""] = /^(env|file):(.*)$/s.exec(value) ?? [];
  const found = kind === "env" ? present(env[rest]) : kind === "file" ? contentOf(flag, rest) : value;
  const problem = found === undefined ? `${rest} is not set` : problemOfUrl(found, kind === undefined);
  if (found !== undefined && problem === null) return new Secret(found);
  throw usageFailure(`Could not use ${flag}`, {
    observed: problem ?? "nothing",
    expected: "postgres://USER@HOST:PORT/DATABASE, env:NAME or file:PATH",
    hint: `export TARGET_URL=...; ${flag} env:TARGET_URL`,
  });
}

/** What a program that we start may see of our environment: all of it, less what could steer git or leak a secret. */
export function environmentForPrograms(env: Environment = process.env): Record<string, string> {
  const kept = Object.entries(env).filter(
    ([name, value]) => value !== undefined && !/^(GIT_|PG|DATABASE_URL|STATE_HUB_TOKEN|NATS_URL)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/** All that was given to us, for what runs in our place: a block of a runbook, as its reader would paste it. */
export function wholeEnvironment(env: Environment = process.env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as Record<string, string>;
}

function databaseTarget(value: string | undefined): DatabaseTarget {
  if (value === undefined) return { kind: "unset" };
  if (value === "embedded") return { kind: "embedded" };
  if (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) return { kind: "url", url: new Secret(value) };
  throw usageFailure("Could not use DATABASE_URL", {
    observed: "not a PostgreSQL URL (its value is not printed: it may hold a password)",
    expected: "postgres://USER@HOST:PORT/DATABASE, or the word embedded",
    hint: "export DATABASE_URL=embedded",
  });
}

function problemOfUrl(value: string, inArgv: boolean): string | null {
  if (!/^postgres(ql)?:\/\//.test(value) || !URL.canParse(value)) return "no PostgreSQL URL (its value is not printed)";
  const { password, pathname, searchParams } = new URL(value);
  if (pathname.length < 2) return "a URL without a database";
  const hasPassword = password !== "" || searchParams.has("password");
  return inArgv && hasPassword ? "a URL with a password: whoever lists this machine's processes could read it" : null;
}

function contentOf(flag: string, file: string): string | undefined {
  try {
    return present(readFileSync(file, "utf8").trim());
  } catch (cause) {
    throw usageFailure(`Could not use ${flag}`, { where: file, cause, hint: `ls -l ${shellQuoted(file)}` });
  }
}

function hubUrl(value: string): string {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value.replace(/\/+$/, "");
  throw usageFailure("Could not use STATE_HUB_URL", {
    observed: value,
    expected: "http://HOST:PORT or https://HOST",
    hint: `export STATE_HUB_URL=${DEFAULT_HUB_URL}`,
  });
}

function secretFrom(env: Environment, name: string): string | undefined {
  const file = present(env[`${name}_FILE`]);
  if (file === undefined) return present(env[name]);
  try {
    return present(readFileSync(file, "utf8").trim());
  } catch (cause) {
    throw usageFailure(`Could not read ${name}_FILE`, { where: file, cause, hint: `ls -l ${shellQuoted(file)}` });
  }
}

// XDG Base Directory specification: state that should persist but is not worth a backup of its own.
function defaultHome(env: Environment): string {
  if (process.getuid?.() === 0) return "/var/lib/state-hub";
  return join(present(env.XDG_STATE_HOME) ?? join(present(env.HOME) ?? homedir(), ".local/state"), "state-hub");
}

function present(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}
