// A State Hub home whose ssh/config leads to a test's own sshd, and ways to a connection that a test closes.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { connectSsh, type SshConnection } from "../../../lib/ssh/connect.ts";
import { resolveHost, type SshHost } from "../../../lib/ssh/resolve_host.ts";
import type { Sshd } from "../../support/sshd.ts";

/** What programs are given in these tests: nobody's agent. */
export function sshEnvironment(): Record<string, string> {
  const { SSH_AUTH_SOCK: _, ...env } = environmentForPrograms();
  return env;
}

/** @returns the home */
export function homeWithSshConfig(parent: string, config: string): string {
  const home = join(parent, `home-${Bun.hash(config + Math.random())}`);
  mkdirSync(join(home, "ssh"), { recursive: true });
  writeFileSync(join(home, "ssh/config"), config);
  return home;
}

export function hostOf(sshd: Sshd, stateHubHome: string, env = sshEnvironment()): Promise<SshHost> {
  return resolveHost({ host: sshd.address, port: sshd.port, env, stateHubHome });
}

/** To be closed. */
export async function connected(sshd: Sshd, home: string, env = sshEnvironment()): Promise<SshConnection> {
  return connectSsh({ host: await hostOf(sshd, home, env), env });
}

/** Where sftp-server stands, for commands that put something between it and its client. */
export const SFTP_SERVER = [
  "/usr/lib/openssh/sftp-server",
  "/usr/libexec/openssh/sftp-server",
  "/usr/libexec/sftp-server",
]
  .filter((path) => Bun.file(path).size > 0)
  .at(0);
