// A remote behind a real sshd: own keys, own configuration, a free port, no service. Faults are switched on and off
// while it runs, by the line of authorized_keys that sshd reads anew for every connection.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { OpsFailure } from "../../lib/failure.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { endTree } from "./end_tree.ts";
import { freePort } from "./free_port.ts";
import { temporaryFolder } from "./git_repo.ts";
import { authorizedKey, clientConfig, makeKey, type ServerTerms, type SshFault, serverConfig } from "./sshd_config.ts";
import { systemProgram } from "./system_program.ts";

export interface SshdOptions {
  /** The address to listen on: 127.0.0.1 unless given. Several servers whose client texts are joined need several. */
  readonly bind?: string;
  /** A free one unless given; needed where `through` leads to another network. */
  readonly port?: number;
  /** Lets nobody in by key: it asks for a password, and no password is right. */
  readonly asksPassword?: boolean;
  /** sshd_config(5), MaxStartups: 1000 unless given, where sshd's own limit is "10:30:100". */
  readonly maxStartups?: string;
  /** Words before the command that starts it, to start it elsewhere: OtherHost.through. */
  readonly through?: readonly string[];
}

export interface Sshd {
  readonly address: string;
  readonly port: number;
  /** The server's line of a known_hosts file. */
  readonly hostKeyLine: string;
  /** Path of the private key that it lets in. */
  readonly userKey: string;
  /** Text of an OpenSSH client configuration for this server alone; those of servers on several addresses can be joined. */
  readonly sshConfig: string;
  /** The same with another host key known: the client must refuse. */
  readonly sshConfigWithWrongKey: string;
  /** The same with no host key known: the client must refuse. */
  readonly sshConfigWithoutKey: string;
  /** `ssh://USER@ADDRESS:PORT/path` for an absolute path on this machine. */
  urlOf(path: string): string;
  /** For every connection from now on; null: as it should be. */
  fault(fault: SshFault | null): void;
  /** What it logged so far, a line for each connection among it. */
  log(): string;
  /** Ends it with all its connections, and removes its files. */
  stop(): Promise<void>;
}

const READY_MS = 20_000;

/** @throws OpsFailure (automation) when it does not come up, with what it logged last */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const address = options.bind ?? "127.0.0.1";
  const port = options.port ?? (await freePort(address));
  const folder = temporaryFolder();
  try {
    const { asksPassword = false, maxStartups = "1000" } = options;
    await prepare(folder.path, { address, port, asksPassword, maxStartups });
    const child = await start(folder.path, options.through ?? []);
    const atOnce = () => {
      // Once it has ended, its number may be another process's.
      if (child.exitCode === null && child.signalCode === null) endTree(child.pid);
      folder.remove();
    };
    const stop = async () => {
      atOnce();
      await child.exited;
    };
    whenTestsEnd(stop, atOnce);
    return { address, port, ...filesFor(folder.path, address, port), stop };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

async function prepare(folder: string, where: Omit<ServerTerms, "folder">): Promise<void> {
  await Promise.all(["host_key", "wrong_host_key", "user_key"].map((name) => makeKey(join(folder, name))));
  mkdirSync(join(folder, "home"));
  setFault(folder, null);
  writeFileSync(join(folder, "sshd_config"), await serverConfig(sshdPath(), { folder, ...where }));
  // What its service would make, and without which sshd does not start as root. It stays: others may be using it.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
}

/** By rename, because a connection may be reading it. */
function setFault(folder: string, fault: SshFault | null): void {
  const file = join(folder, "authorized_keys");
  writeFileSync(`${file}.new`, authorizedKey(readFileSync(join(folder, "user_key.pub"), "utf8"), fault));
  renameSync(`${file}.new`, file);
}

/** Resolves when it listens, by its own word: another process on that port would accept connections, too. */
async function start(folder: string, through: readonly string[]) {
  const log = join(folder, "log");
  const child = Bun.spawn([...through, sshdPath(), "-D", "-e", "-f", join(folder, "sshd_config")], {
    env: environmentForPrograms(),
    stdio: ["ignore", "ignore", Bun.file(log)],
    detached: true,
  });
  try {
    await waitUntil({ forWhat: "sshd to listen", deadlineMs: READY_MS }, () => {
      const said = readFileSync(log, "utf8");
      if (said.includes("Server listening on")) return { found: true };
      if (child.exitCode !== null) throw new OpsFailure("Could not start sshd", { observed: said.trim() });
      return { seen: said.trim() || "nothing" };
    });
    return child;
  } catch (error) {
    endTree(child.pid);
    throw error;
  }
}

/** What a started server's files say to its clients. */
function filesFor(folder: string, address: string, port: number) {
  const at = (name: string) => join(folder, name);
  // ssh looks a server on port 22 up by its bare address.
  const knownAs = port === 22 ? address : `[${address}]:${port}`;
  const lineOf = (key: string) => `${knownAs} ${readFileSync(at(`${key}.pub`), "utf8").trim()}`;
  const clientText = (name: string, line: string) => {
    writeFileSync(at(name), `${line}\n`);
    return clientConfig({ address, userKey: at("user_key"), knownHosts: at(name) });
  };
  return {
    hostKeyLine: lineOf("host_key"),
    userKey: at("user_key"),
    sshConfig: clientText("known_hosts", lineOf("host_key")),
    sshConfigWithWrongKey: clientText("known_hosts_wrong", lineOf("wrong_host_key")),
    sshConfigWithoutKey: clientText("known_hosts_none", ""),
    urlOf: (path: string) => `ssh://${accountName()}@${address}:${port}${encodeURI(path)}`,
    fault: (fault: SshFault | null) => setFault(folder, fault),
    log: () => readFileSync(at("log"), "utf8"),
  };
}

function sshdPath(): string {
  const path = systemProgram("sshd");
  if (path === null) throw new OpsFailure("Could not find sshd", { hint: "npm test installs it, or says how" });
  return path;
}

/** By the account itself: the environment that userInfo() asks in Bun need not name it. */
function accountName(): string {
  return Bun.spawnSync(["id", "-un"]).stdout.toString().trim();
}
