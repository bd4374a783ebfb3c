// Who the server runs as. PostgreSQL refuses to run as root, so root starts it as an account that owns nothing else
// of ours; everybody else runs it as themselves.
import { existsSync, readFileSync } from "node:fs";
import { OpsFailure } from "../failure.ts";

export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** True when we are root and hand files over to this account. */
  readonly switched: boolean;
  /** The argv that runs `argv` as this account. */
  readonly command: (argv: readonly string[]) => string[];
}

const SETPRIV = ["/usr/bin/setpriv", "/bin/setpriv"];
const RUNUSER = ["/usr/sbin/runuser", "/sbin/runuser"];

/**
 * The account of a new or an existing cluster.
 * @param owner uid of an existing data directory: as root its owner runs it, whoever that became when it was made
 * @throws OpsFailure when root has no account or no tool to switch to one
 */
export function serverUser(owner: number | null): ServerUser {
  const uid = ourUid();
  if (uid !== 0) {
    const name = accountOf(uid)?.name ?? `uid ${uid}`;
    return { name, uid, gid: process.getgid?.() ?? 0, switched: false, command: (argv) => [...argv] };
  }
  const account = owner === null ? (accountOf("postgres") ?? accountOf("nobody")) : accountOf(owner);
  if (account === null || account.uid === 0) {
    throw new OpsFailure("Could not choose an account for the embedded PostgreSQL", {
      observed: owner === null ? "neither postgres nor nobody is in /etc/passwd" : `its data belongs to uid ${owner}`,
      expected: "an account other than root: PostgreSQL refuses to run as root",
      hint: "useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin postgres",
    });
  }
  return { ...account, switched: true, command: switchTo(account) };
}

/** `alice (uid 1000)`: who we are, for messages about permissions. */
export function whoWeAre(): string {
  return nameOfUid(ourUid());
}

/** `alice (uid 1000)` for any uid; the number alone when it has no account. */
export function nameOfUid(uid: number): string {
  const account = accountOf(uid);
  return account === null ? `uid ${uid}` : `${account.name} (uid ${uid})`;
}

// The kernel's answer: os.userInfo() trusts $USER, which sudo and setpriv leave behind.
function ourUid(): number {
  return process.getuid?.() ?? 0;
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

function switchTo(account: Account): (argv: readonly string[]) => string[] {
  const setpriv = SETPRIV.find((path) => existsSync(path));
  if (setpriv !== undefined) {
    const flags = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups", "--"];
    return (argv) => [setpriv, ...flags, ...argv];
  }
  const runuser = RUNUSER.find((path) => existsSync(path));
  if (runuser !== undefined) return (argv) => [runuser, "-u", account.name, "--", ...argv];
  throw new OpsFailure(`Could not run PostgreSQL as ${account.name}`, {
    observed: "neither setpriv nor runuser is installed",
    hint: "apt-get install util-linux, or run this as an ordinary user",
  });
}

function accountOf(who: string | number): Account | null {
  for (const line of passwdLines()) {
    const [name, , uid, gid] = line.split(":");
    if (name === undefined || uid === undefined || gid === undefined) continue;
    if (name === who || Number(uid) === who) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

function passwdLines(): string[] {
  try {
    return readFileSync("/etc/passwd", "utf8").split("\n");
  } catch {
    return [];
  }
}
