// The files that a test's sshd and its clients read. Apart from the server's start, because each line has its reason.
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { OpsFailure } from "../../lib/failure.ts";
import { run } from "../../lib/process/run.ts";

/**
 * What happens to a connection after it was let in: nothing is ever said; one byte is, then nothing; what the program
 * says comes at 1 KB/s; it ends at once with exit 1; or another shell command runs, which finds what was asked for in
 * SSH_ORIGINAL_COMMAND.
 */
export type SshFault = "silent" | "first_byte" | "slow" | "ends" | { readonly command: string };

const SLOW_BYTES_PER_SECOND = 1024;

/** The line of authorized_keys for a public key's text (sshd(8)). A hung one ends when its client closes its side. */
export function authorizedKey(publicKey: string, fault: SshFault | null): string {
  if (fault === null) return publicKey;
  return `command="${commandOf(fault).replaceAll('"', '\\"')}" ${publicKey}`;
}

function commandOf(fault: SshFault): string {
  const trickle = join(import.meta.dir, "trickle.ts");
  if (typeof fault !== "string") return fault.command;
  return {
    silent: "exec cat >/dev/null",
    first_byte: "printf 0; exec cat >/dev/null",
    slow: `sh -c "$SSH_ORIGINAL_COMMAND" | '${process.execPath}' '${trickle}' ${SLOW_BYTES_PER_SECOND}`,
    ends: "exit 1",
  }[fault];
}

export interface ServerTerms {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly asksPassword: boolean;
  readonly maxStartups: string;
}

/** sshd_config(5) for a server that reads nothing of this machine's own sshd. */
export async function serverConfig(
  sshd: string,
  { folder, address, port, asksPassword, maxStartups }: ServerTerms,
): Promise<string> {
  const lines = [
    `ListenAddress ${address}:${port}`,
    `HostKey "${folder}/host_key"`,
    `AuthorizedKeysFile "${folder}/authorized_keys"`,
    `AuthenticationMethods ${asksPassword ? "password" : "publickey"}`,
    `PasswordAuthentication ${asksPassword ? "yes" : "no"}`,
    "KbdInteractiveAuthentication no",
    // The account may be root's, and root's password stays out of it.
    "PermitRootLogin prohibit-password",
    "UsePAM no",
    // The keys lie below /tmp, which everybody may write to.
    "StrictModes no",
    "PermitUserRC no",
    "PidFile none",
    "UseDNS no",
    "LogLevel VERBOSE",
    // Ten connections at once is the default limit, and a sweep over one host opens many in a row.
    `MaxStartups ${maxStartups}`,
    // As the large hosts do, so that git speaks its protocol 2.
    "AcceptEnv GIT_PROTOCOL",
    // sshd's own: which folder sftp-server stands in differs from system to system.
    "Subsystem sftp internal-sftp",
    // What whoever runs the tests has set for git or for a shell belongs to neither side. bash reads ~/.bashrc for
    // sshd's commands, too: one that starts a version manager costs 0.2 s a connection, and may print.
    `SetEnv "HOME=${folder}/home" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1`,
  ];
  // From OpenSSH 9.8 on a client that fails some times is shut out; older ones do not know the word.
  const penalties = "PerSourcePenalties no";
  const knows = await run([sshd, "-t", "-f", "/dev/null", "-h", `${folder}/host_key`, "-o", penalties], {
    env: environmentForPrograms(),
    deadlineMs: 10_000,
  });
  return `${[...lines, ...(knows.exitCode === 0 ? [penalties] : [])].join("\n")}\n`;
}

export interface ClientTerms {
  readonly address: string;
  readonly userKey: string;
  readonly knownHosts: string;
}

/** ssh_config(5) for one server: its key alone, its known hosts alone, and nothing of this machine's agent. */
export function clientConfig({ address, userKey, knownHosts }: ClientTerms): string {
  return [
    `Host ${address}`,
    `  IdentityFile "${userKey}"`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    `  UserKnownHostsFile "${knownHosts}"`,
    "  GlobalKnownHostsFile /dev/null",
    "  StrictHostKeyChecking yes",
    "",
  ].join("\n");
}

/** A new key pair at `path` and `path.pub`, without a passphrase. */
export async function makeKey(path: string): Promise<void> {
  const argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "state-hub-tests", "-f", path];
  const { exitCode, stderr } = await run(argv, { env: environmentForPrograms(), deadlineMs: 20_000 });
  if (exitCode !== 0) throw new OpsFailure("Could not make a key", { observed: stderr.trim(), where: path });
}
