// An sshd that knows two accounts more than this machine has, one of them locked as `usermod -L` does it. They stand in files
// that are laid over /etc/passwd and /etc/shadow for this sshd alone (a mount namespace of its own): the machine's are not
// touched. Needs root.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./git_repo.ts";
import { type Sshd, startSshd } from "./sshd.ts";

/** As crypt(3) writes a password that nobody knows. */
const PASSWORD = `$6$salt$${"x".repeat(86)}`;
const ACCOUNTS = { open: PASSWORD, locked: `!${PASSWORD}` } as const;

const OVERLAID = `mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow && exec "$@"`;

/** Lets the same key in for each of `accounts`, as far as the account itself is let in. */
export async function sshdWithLockedAccount(): Promise<{ readonly sshd: Sshd; stop(): Promise<void> }> {
  const folder = temporaryFolder();
  // Root's number under another name: the key's file is root's, and nobody else may read it.
  const passwd = Object.keys(ACCOUNTS).map((name) => `${name}-tunnel:x:0:0::/:/bin/sh\n`);
  const shadow = Object.entries(ACCOUNTS).map(([name, password]) => `${name}-tunnel:${password}:20000:0:99999:7:::\n`);
  for (const [file, lines] of Object.entries({ passwd, shadow }))
    writeFileSync(join(folder.path, file), `${readFileSync(`/etc/${file}`, "utf8").trimEnd()}\n${lines.join("")}`);
  chmodSync(join(folder.path, "shadow"), 0o600);
  const through = ["unshare", "--mount", "--", "sh", "-c", OVERLAID, folder.path];
  try {
    const sshd = await startSshd({ through });
    const stop = () => sshd.stop().finally(() => folder.remove());
    return { sshd, stop };
  } catch (error) {
    folder.remove();
    throw error;
  }
}
