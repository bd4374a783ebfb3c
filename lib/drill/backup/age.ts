// Encryption by age: keys as files and public texts, programs as argv lists. A wrong key must be told from damaged bytes, and what
// would make age ask a person for a passphrase is refused before anything starts.
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { OpsFailure, usageFailure } from "../../failure.ts";
import { run } from "../../process/run.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { isRecipient } from "./age_recipient.ts";

const INSTALL = "apt-get install age";
const RUN_MS = 20_000;
const MAX_BYTES = 1024 * 1024;
/** Facts and definitions of ten thousand tables take seconds. */
const ENCRYPT_MS = 300_000;

/** The program and flags that encrypt stdin to stdout. Public keys are no secret. */
export function encryptThrough(recipients: readonly string[]): string[] {
  return ["age", "--encrypt", ...recipients.flatMap((each) => ["-r", each])];
}

/** The program and flags that decrypt stdin to stdout; the key stays in its file. */
export function decryptThrough(identityFile: string): string[] {
  return ["age", "--decrypt", "-i", identityFile];
}

interface Encryption {
  /** "definitions", for a failure */
  readonly what: string;
  readonly recipients: readonly string[];
  /** A text that touches no disk, or a file. */
  readonly from: { readonly text: string } | { readonly file: string };
  /** Made here. */
  readonly to: string;
  readonly env: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** For what is not dumped in a stream. @throws OpsFailure (automation) in age's words; the signal's reason */
export async function encryptInto({ what, recipients, from, to, env, signal }: Encryption): Promise<void> {
  const argv = [...encryptThrough(recipients), "--output", to, ...("file" in from ? [from.file] : [])];
  const { exitCode, stderr } = await run(argv, {
    env,
    deadlineMs: ENCRYPT_MS,
    ...("text" in from ? { stdin: from.text } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
  if (exitCode === 0) return;
  throw new OpsFailure(`Could not encrypt the ${what}`, {
    observed: ageSays(stderr),
    where: to,
    hint: `df -h ${shellQuoted(dirname(to))}`,
  });
}

/**
 * @param recipients tried by age itself, on nothing, so that a dump of hours does not end in its refusal
 * @returns its version
 * @throws OpsFailure (automation) when age is missing or takes one of them not
 */
export async function requireAge(
  env: Readonly<Record<string, string>>,
  recipients: readonly string[] = [],
): Promise<string> {
  const answer = await run(["age", "--version"], { env, deadlineMs: RUN_MS }).catch((cause) => {
    throw new OpsFailure("Could not start age", { observed: "it is not installed", hint: INSTALL, cause });
  });
  if (answer.exitCode !== 0)
    throw new OpsFailure("Could not use age", {
      observed: answer.stderr.trim() || `exit ${answer.exitCode}`,
      hint: INSTALL,
    });
  if (recipients.length > 0) await tryRecipients(env, recipients);
  return answer.stdout.trim();
}

async function tryRecipients(env: Readonly<Record<string, string>>, recipients: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run(encryptThrough(recipients), { env, deadlineMs: RUN_MS, stdin: "" });
  if (exitCode === 0) return;
  throw new OpsFailure("Could not encrypt for the recipients", {
    observed: ageSays(stderr),
    expected: "public keys that the installed age takes",
    hint: "age-keygen -y KEYFILE",
  });
}

/**
 * The public keys that `--encrypt` names: `age1...`, `ssh-ed25519 ...`, `ssh-rsa ...`, or a file with one a line.
 * @throws OpsFailure (usage) for what is neither, and for a private key, which is not repeated
 */
export function readRecipients(values: readonly string[]): string[] {
  const found = values.flatMap((value) => (isRecipient(value.trim()) ? [value.trim()] : recipientsIn(value)));
  return [...new Set(found)];
}

function recipientsIn(value: string): string[] {
  if (isSecret(value)) throw secretGiven("a flag");
  const lines = textOf(value)
    .split("\n")
    .map((line) => line.trim());
  const found = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (found.some(isSecret)) throw secretGiven(shellQuoted(value));
  const wrong = found.findIndex((line) => !isRecipient(line));
  if (found.length > 0 && wrong === -1) return found;
  throw noRecipient(
    value,
    found.length === 0 ? "the file names no key" : "a line of the file is no public key of age or ssh",
  );
}

function textOf(file: string): string {
  try {
    if (/[\r\n\0]/.test(file) || statSync(file).size > MAX_BYTES)
      throw noRecipient("", "neither a public key nor a file of them");
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof OpsFailure) throw cause;
    throw noRecipient(file, "neither a public key nor a file that can be read", cause);
  }
}

function noRecipient(value: string, observed: string, cause?: unknown): OpsFailure {
  return usageFailure("Could not use the recipient", {
    observed,
    expected: "age1..., ssh-ed25519 ..., ssh-rsa ..., or a file with one a line",
    ...(value === "" ? {} : { where: shellQuoted(value.slice(0, 200)) }),
    hint: "age-keygen -y KEYFILE",
    cause,
  });
}

function secretGiven(where: string): OpsFailure {
  return usageFailure("Could not use the recipient", {
    observed: "it is a private key, which must stay where backups are opened",
    expected: "the public key of it, age1...",
    where,
    hint: "age-keygen -y KEYFILE",
  });
}

function isSecret(text: string): boolean {
  return /AGE-SECRET-KEY-|PRIVATE KEY/i.test(text);
}

/** A Secret in a pod belongs to root and is ours by its group (`fsGroup`): there the group may read, and nobody else. */
function openToOthers(owner: number): number {
  return owner === process.getuid?.() ? 0o077 : 0o007;
}

/**
 * @returns the file's path, when it holds a key that opens without a person
 * @throws OpsFailure (automation) when it is missing, can be read by others, or wants a passphrase; its content is not repeated
 */
export function requireIdentity(file: string): string {
  const quoted = shellQuoted(file);
  const refuse = (observed: string, hint: string, cause?: unknown) =>
    new OpsFailure("Could not use the key file", {
      observed,
      expected: "a private key of age or ssh",
      where: file,
      hint,
      cause,
    });
  const there = statSync(file, { throwIfNoEntry: false });
  if (there === undefined) throw refuse("it is not there", `ls -l ${quoted}`);
  if (!there.isFile() || there.size > MAX_BYTES) throw refuse("it is no key file", `ls -l ${quoted}`);
  if ((there.mode & openToOthers(there.uid)) !== 0)
    throw refuse(`others can read it (mode ${(there.mode & 0o777).toString(8)})`, `chmod 600 ${quoted}`);
  let text: string;
  try {
    text = readFileSync(file, "latin1");
  } catch (cause) {
    throw refuse("it cannot be read", `ls -l ${quoted}`, cause);
  }
  if (hasPassphrase(text))
    throw refuse("it has a passphrase, and nobody is there to type it", "age-keygen -o KEYFILE, for keys without one");
  if (!isSecret(text)) throw refuse("it holds no private key", "age-keygen -o KEYFILE");
  return file;
}

/** Of a file that age itself encrypted, and of ssh's old and new form (OpenSSH, PROTOCOL.key: magic, then the cipher's name). */
function hasPassphrase(text: string): boolean {
  if (/^age-encryption\.org\/v1|BEGIN AGE ENCRYPTED FILE|ENCRYPTED PRIVATE KEY|^Proc-Type: 4,ENCRYPTED/m.test(text))
    return true;
  const [, base64 = ""] = /BEGIN OPENSSH PRIVATE KEY-----([^-]+)/.exec(text) ?? [];
  const blob = Buffer.from(base64, "base64");
  const at = "openssh-key-v1\0".length;
  return blob.length > at + 8 && blob.subarray(at + 4, at + 8).toString("latin1") !== "none";
}

interface Decryption {
  readonly part: string;
  readonly identityFile: string;
  /** Of the manifest. */
  readonly recipients: readonly string[];
  readonly stderr: string;
}

/** Why age did not open a part; null when it does not seem to be age's refusal. */
export function decryptionFault(stderr: string): "wrong_key" | "damaged" | null {
  if (/no identity matched any of the recipients|incorrect identity/i.test(stderr)) return "wrong_key";
  return /age: error/.test(stderr) ? "damaged" : null;
}

/** What to throw for it. */
export function decryptionFailure({ part, identityFile, recipients, stderr }: Decryption): OpsFailure {
  const fault = decryptionFault(stderr);
  return new OpsFailure(`Could not decrypt ${part}`, {
    observed: fault === "wrong_key" ? `none of the keys in ${shellQuoted(identityFile)} opens it` : ageSays(stderr),
    expected: recipients.length > 0 ? `the private key of ${recipients.join(" or ")}` : "an encrypted part",
    where: part,
    hint: `age-keygen -y ${shellQuoted(identityFile)}`,
  });
}

/** age's reason, without its advice to report a bug. */
function ageSays(stderr: string): string {
  const line = stderr.split("\n").find((each) => each.startsWith("age: error:"));
  return (line ?? stderr.trim().split("\n").at(-1) ?? "").replace(/^age: (error: )?/, "") || "it gave no reason";
}
