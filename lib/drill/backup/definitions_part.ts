// The definitions of a backup, dumped once: what is stored and what a copy is compared with cannot say two things, also when
// somebody changes a table meanwhile. They hold no rows, and lie in the clear in the workspace alone, until they were read.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { dumpPart, type PartSource } from "../../postgres/client/dump.ts";
import { archivedDefinitions } from "../archive/archived_definitions.ts";
import type { Facts } from "../source/facts.ts";
import { encryptInto } from "./age.ts";

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
  const { programs, env, signal } = dump;
  const common = { env, ...(signal === undefined ? {} : { signal }) };
  try {
    await dumpPart(dump, { selection: { kind: "definitions" }, file: plain });
    const definitions = await archivedDefinitions({ ...common, archive: plain, programs, workspace: folder });
    if (plain !== file)
      await encryptInto({ ...common, what: "definitions", recipients, from: { file: plain }, to: file });
    return definitions;
  } finally {
    if (plain !== file) rmSync(plain, { force: true });
  }
}
