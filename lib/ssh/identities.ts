// The keys that we show to a host: files and an agent, never a password. Nobody is there to type a passphrase, and a key
// that others can read is no secret, so that both are left out, with the reason kept for when nothing else was let in.
import { readFileSync, statSync } from "node:fs";
import ssh2, { type ParsedKey } from "ssh2";
import { shellQuoted } from "../shell_quoted.ts";

export interface Identities {
  readonly keys: readonly { readonly file: string; readonly key: ParsedKey }[];
  /** Public halves of all the files, those with a passphrase too where `.pub` is beside them. */
  readonly publicBlobs: readonly Buffer[];
  /** Why a file that is there is not used, and how to have it used; one line each. */
  readonly unused: readonly string[];
}

/** Reads what is there of `files`. */
export function readIdentities(files: readonly string[]): Identities {
  const keys: { file: string; key: ParsedKey }[] = [];
  const unused: string[] = [];
  const publicBlobs: Buffer[] = [];
  for (const file of files) {
    const found = readIdentity(file);
    if ("key" in found) keys.push({ file, key: found.key });
    else if (found.unused !== null) unused.push(found.unused);
    const blob = "key" in found ? found.key.getPublicSSH() : publicHalf(`${file}.pub`);
    if (blob !== null) publicBlobs.push(blob);
  }
  return { keys, publicBlobs, unused };
}

function readIdentity(file: string): { key: ParsedKey } | { unused: string | null } {
  const there = statSync(file, { throwIfNoEntry: false });
  if (there === undefined) return { unused: null };
  const quoted = shellQuoted(file);
  // OpenSSH, sshkey_perm_ok(): it refuses a key of ours that the group or others may read.
  if (there.uid === process.getuid?.() && (there.mode & 0o077) !== 0) {
    return {
      unused: `${quoted} can be read by others (mode ${(there.mode & 0o777).toString(8)}): chmod 600 ${quoted}`,
    };
  }
  try {
    const key = ssh2.utils.parseKey(readFileSync(file));
    if (!(key instanceof Error)) return key.isPrivateKey() ? { key } : { unused: `${quoted} is no private key` };
    // ssh2's own words for it: "Encrypted private OpenSSH key detected, but no passphrase given", and so for the others.
    if (/passphrase/i.test(key.message)) return { unused: `${quoted} has a passphrase: ssh-add ${quoted}` };
    return { unused: `${quoted} cannot be used: ${key.message}` };
  } catch (cause) {
    return { unused: `${quoted} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? "unknown error"}` };
  }
}

function publicHalf(file: string): Buffer | null {
  try {
    const key = ssh2.utils.parseKey(readFileSync(file));
    return key instanceof Error ? null : key.getPublicSSH();
  } catch {
    return null;
  }
}
