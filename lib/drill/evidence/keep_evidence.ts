// The evidence of a drill: the whole report in a file of its own, sealed by its digest, which the progress event repeats. Whoever
// relies on a drill later can tell that it reads what was found then.

import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../canonical.ts";
import { OpsFailure } from "../../failure.ts";
import { makePrivateFolder } from "../../private_folder.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { writeWhole } from "../../whole_file.ts";
import { DRILL } from "./drill_name.ts";
import type { DrillReport } from "./report.ts";

/** What a report says when there is no proof of it. */
export const NOT_KEPT = "Could not keep the evidence";

/** Where the evidence lies, and its seal. */
export interface KeptEvidence {
  readonly file: string;
  /** SHA-256 of the file's document without its `digest`, in hex. */
  readonly digest: string;
}

/**
 * @param at when the drill ended, by this machine's clock; it names the file and nothing else
 * @throws OpsFailure (automation) when the disk refuses
 */
export function keepEvidence(home: string, report: DrillReport, at: Date): KeptEvidence {
  const folder = folderIn(home);
  const file = join(folder, `${at.toISOString().replace(/[-:]/g, "")}-${report.drill_id}.json`);
  const document = { schema_version: 1, inputs: inputsOf(report), ...report };
  const digest = digestOf(document);
  try {
    makePrivateFolder(folder);
    writeWhole(file, `${JSON.stringify({ ...document, digest }, null, 2)}\n`);
  } catch (cause) {
    throw notKept(home, file, cause);
  }
  return { file, digest };
}

/** Before the work of hours. @throws OpsFailure (automation) when nothing can be written there */
export function requireEvidenceFolder(home: string): void {
  const folder = folderIn(home);
  try {
    makePrivateFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw notKept(home, folder, cause);
  }
}

function folderIn(home: string): string {
  return join(home, "evidence", DRILL);
}

function notKept(home: string, where: string, cause: unknown): OpsFailure {
  const at = shellQuoted(home);
  return new OpsFailure(NOT_KEPT, { where, cause, hint: `ls -ld ${at}; df -h ${at}; findmnt -T ${at}` });
}

/** What the verdict was made from, by digest. */
function inputsOf({ facts_digest, schema_digest, backup, artifacts }: DrillReport) {
  return { facts_digest, schema_digest, manifest_digest: backup?.manifest_digest ?? null, artifacts };
}
