// The facts as a part of a backup. They go through age from memory and come back into it: no plain text touches a disk.
import { OpsFailure } from "../../failure.ts";
import { run } from "../../process/run.ts";
import { decryptionFailure, decryptThrough, encryptInto } from "../backup/age.ts";
import type { Facts } from "./facts.ts";

/** Ten thousand tables and a hundred thousand large objects: some 50 MB. */
const MAX_BYTES = 512 * 1024 * 1024;
const DEADLINE_MS = 300_000;

interface FactsFile {
  readonly file: string;
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
}

/** @param recipients none: as plain text */
export async function writeFacts(
  facts: Facts,
  recipients: readonly string[],
  { file, env, signal }: FactsFile,
): Promise<void> {
  const text = JSON.stringify(facts);
  if (recipients.length === 0) return void (await Bun.write(file, text, { mode: 0o600 }));
  await encryptInto({ what: "facts", recipients, from: { text }, to: file, env, signal });
}

/** What opens a backup, and whom it was made for. */
export interface Opening {
  readonly identity: string | null;
  readonly recipients: readonly string[];
}

/** @throws OpsFailure (automation) when the key does not open it, or it is no facts of this toolkit */
export async function readFacts({ file, env, signal }: FactsFile, { identity, recipients }: Opening): Promise<Facts> {
  const text =
    identity === null ? await Bun.file(file).text() : await decrypted({ file, env, signal }, { identity, recipients });
  try {
    return JSON.parse(text) as Facts;
  } catch (cause) {
    throw new OpsFailure("Could not read the facts of the backup", {
      observed: "they are no JSON",
      where: file,
      cause,
    });
  }
}

async function decrypted(
  { file, env, signal }: FactsFile,
  { identity, recipients }: Opening & { readonly identity: string },
): Promise<string> {
  const argv = [...decryptThrough(identity), file];
  const { exitCode, stdout, stderr } = await run(argv, {
    env,
    signal,
    deadlineMs: DEADLINE_MS,
    maxOutputBytes: MAX_BYTES,
  });
  if (exitCode === 0) return stdout;
  throw decryptionFailure({ part: "facts.json.age", identityFile: identity, recipients, stderr });
}
