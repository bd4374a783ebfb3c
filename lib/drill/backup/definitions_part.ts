// The definitions of a backup, dumped once: what is stored and what a copy is compared with cannot say two things, also when
// somebody changes a table meanwhile. They hold no rows, and lie in the clear in the workspace alone, until they were read.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { archiveDefinitions } from "../../postgres/client/archive_text.ts";
import { dumpPart, type PartSource } from "../../postgres/client/dump.ts";
import { readDefinitions } from "../../postgres/definitions/read_definitions.ts";
import { pipeline } from "../../process/pipeline.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { definitionsToKeep, type Facts } from "../source/facts.ts";
import { encryptThrough } from "./age.ts";

interface DefinitionsPart {
  readonly dump: PartSource;
  /** Where the part is to lie. */
  readonly file: string;
  /** Of mode 700, and of this backup alone. */
  readonly folder: string;
  /** age's public keys; none: the part is not encrypted. */
  readonly recipients: readonly string[];
}

/** @throws OpsFailure (automation); the signal's reason */
export async function dumpDefinitions({
  dump,
  file,
  folder,
  recipients,
}: DefinitionsPart): Promise<Facts["definitions"]> {
  const plain = recipients.length === 0 ? file : join(folder, "definitions.plain");
  const output = join(folder, "definitions.sql");
  const { programs, env, signal } = dump;
  const aborts = signal === undefined ? {} : { signal };
  try {
    await dumpPart(dump, { selection: { kind: "definitions" }, file: plain });
    await archiveDefinitions({ programs, env, archive: plain, output, ...aborts });
    if (plain !== file) await encrypt({ recipients, input: plain, output: file, env, ...aborts });
    return definitionsToKeep(await readDefinitions(output));
  } finally {
    if (plain !== file) rmSync(plain, { force: true });
    rmSync(output, { force: true });
  }
}

interface Encryption {
  readonly recipients: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly env: Record<string, string>;
  readonly signal?: AbortSignal;
}

async function encrypt({ recipients, ...o }: Encryption): Promise<void> {
  const { exitCodes, stderr } = await pipeline([encryptThrough(recipients)], o);
  if (exitCodes.every((code) => code === 0)) return;
  rmSync(o.output, { force: true });
  throw new OpsFailure("Could not encrypt the definitions", {
    observed: stderr.trim().split("\n").at(-1) || `age ended with ${exitCodes.join(", ")}`,
    where: o.output,
    hint: `df -h ${shellQuoted(o.output)}`,
  });
}
