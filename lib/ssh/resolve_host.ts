// Which host, port, user, keys and known hosts a name stands for. OpenSSH itself is asked, so that an alias, a Match block
// or a port in ~/.ssh/config counts here as it does at the prompt; a second reader of that file would differ one day.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { run } from "../process/run.ts";
import { shellQuoted } from "../shell_quoted.ts";

interface HostQuestion {
  /** A name or address as ssh takes it; may be an alias of the configuration. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** `environmentForPrograms()`; HOME and SSH_AUTH_SOCK are looked up in it. */
  readonly env: Readonly<Record<string, string>>;
  /** STATE_HUB_HOME. `ssh/config` below it, when it is there, is all that is read (a pod's deploy key). */
  readonly stateHubHome: string;
  readonly signal?: AbortSignal;
}

export interface SshHost {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** As known_hosts has it: `host`, or `[host]:port` where the port is not 22; the alias where one is set. */
  readonly knownAs: string;
  readonly knownHostsFiles: readonly string[];
  /** Paths of private keys, in the order to try; some may not be there. */
  readonly identityFiles: readonly string[];
  /** The agent offers those of `identityFiles` alone. */
  readonly identitiesOnly: boolean;
  /** Path of the agent's socket. */
  readonly agent: string | null;
  /** What a person types to come to the same host: `ssh -F ... -p ... user@host`. */
  readonly command: string;
}

const ASK_MS = 10_000;
const USUAL_PORT = 22;
// ssh puts both into commands of its own config (ProxyCommand, Match exec): no shell character may come along.
const HOST = /^(?:\w[\w.-]*|[0-9a-f:.]+)$/i;
const USER = /^\w[\w.+-]*$/;

/** @throws OpsFailure (automation) when ssh does not know what to do with it, or would go through a proxy */
export async function resolveHost(question: HostQuestion): Promise<SshHost> {
  requireNames(question);
  const words = sshWords(question);
  const said = settingsIn(await askSsh(words, question));
  refuseProxy(said, question.host);
  const home = question.env.HOME ?? homedir();
  const [hostname, port] = [first(said, "hostname") ?? question.host, Number(first(said, "port") ?? USUAL_PORT)];
  const user = first(said, "user") ?? "";
  const filled = (path: string) => expanded(path, { home, hostname, port, user });
  const alias = first(said, "hostkeyalias") ?? hostname.toLowerCase();
  return {
    hostname,
    port,
    user,
    knownAs: port === USUAL_PORT || said.has("hostkeyalias") ? alias : `[${alias}]:${port}`,
    knownHostsFiles: ["userknownhostsfile", "globalknownhostsfile"].flatMap((name) =>
      pathsIn(first(said, name) ?? "", filled),
    ),
    identityFiles: (said.get("identityfile") ?? []).map(filled),
    identitiesOnly: first(said, "identitiesonly") === "yes",
    agent: agentOf(first(said, "identityagent"), question.env, filled),
    command: words.map(shellQuoted).join(" "),
  };
}

/** Whether ssh may be given these: anything else could be read as an option of it, or by a shell. */
export function areNames(host: string, user?: string): boolean {
  return HOST.test(host) && (user === undefined || USER.test(user));
}

function requireNames({ host, user }: HostQuestion): void {
  if (areNames(host, user)) return;
  throw new OpsFailure("Could not use the host's name", {
    observed: shellQuoted(user === undefined ? host : `${user}@${host}`),
    expected: "letters, digits, dots and dashes, as in backup@vault.example",
  });
}

function sshWords({ host, user, port, stateHubHome }: HostQuestion): string[] {
  const own = join(stateHubHome, "ssh/config");
  return [
    "ssh",
    ...(existsSync(own) ? ["-F", own] : []),
    ...(port === undefined ? [] : ["-p", String(port)]),
    user === undefined ? host : `${user}@${host}`,
  ];
}

async function askSsh([program = "ssh", ...words]: readonly string[], o: HostQuestion): Promise<string> {
  const answer = await run([program, "-G", ...words], {
    env: o.env,
    deadlineMs: ASK_MS,
    ...(o.signal === undefined ? {} : { signal: o.signal }),
  });
  if (answer.exitCode === 0) return answer.stdout;
  throw new OpsFailure("Could not read the ssh configuration", {
    observed: answer.stderr.trim(),
    where: o.host,
    hint: [program, "-G", ...words].map(shellQuoted).join(" "),
  });
}

/** `ssh -G` prints a keyword in lower case and its value a line; some keywords stand there several times. */
function settingsIn(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [, name = "", value = ""] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (name !== "" && value !== "") found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}

function first(said: ReadonlyMap<string, readonly string[]>, name: string): string | undefined {
  return said.get(name)?.[0];
}

function refuseProxy(said: ReadonlyMap<string, readonly string[]>, host: string): void {
  for (const name of ["proxyjump", "proxycommand"]) {
    const value = first(said, name);
    if (value === undefined || value === "none") continue;
    throw new OpsFailure("Could not connect by ssh", {
      observed: `the configuration leads through a proxy (${name} ${value}), which is not supported`,
      expected: "a host that can be reached directly, or a forwarded port of this machine",
      where: host,
      hint: `ssh -N -L 2222:${host}:22 ${shellQuoted(value)}`,
    });
  }
}

/** Several paths on one line, which ssh prints without quotes: one that holds a blank is known by being there. */
function pathsIn(value: string, filled: (path: string) => string): string[] {
  if (value === "" || value === "none") return [];
  const whole = filled(value);
  return existsSync(whole) ? [whole] : value.split(" ").map(filled);
}

/** ssh_config(5), IdentityAgent: none, the name of a variable, or a path; without it SSH_AUTH_SOCK. */
function agentOf(
  value: string | undefined,
  env: Readonly<Record<string, string>>,
  filled: (path: string) => string,
): string | null {
  if (value === "none") return null;
  if (value === undefined || value === "SSH_AUTH_SOCK") return env.SSH_AUTH_SOCK || null;
  if (value.startsWith("$")) return env[value.replace(/^\$\{?|\}$/g, "")] || null;
  return filled(value);
}

interface Tokens {
  readonly home: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
}

/** ssh_config(5), TOKENS: those that name keys and known hosts in practice. */
function expanded(path: string, { home, hostname, port, user }: Tokens): string {
  const tokens: Readonly<Record<string, string>> = { "%": "%", d: home, h: hostname, p: String(port), r: user };
  const filled = path.replace(/%(.)/g, (whole, letter: string) => tokens[letter] ?? whole);
  return filled.startsWith("~/") ? join(home, filled.slice(2)) : filled;
}
