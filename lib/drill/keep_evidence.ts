// The evidence of a drill: the whole report in a file of its own, sealed by its digest, which the progress event repeats. Whoever
// relies on a drill later can tell that it reads what was found then.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../canonical.ts";
import { OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { writeWhole } from "../whole_file.ts";
import type { DrillReport } from "./report.ts";

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
  const folder = join(home, "evidence", "backup_restore_drill");
  const file = join(folder, `${at.toISOString().replace(/[-:]/g, "")}-${report.drill_id}.json`);
  const document = { schema_version: 1, inputs: inputsOf(report), ...report };
  const digest = digestOf(document);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeWhole(file, `${JSON.stringify({ ...document, digest }, null, 2)}\n`);
  } catch (cause) {
    throw new OpsFailure("Could not keep the evidence", { where: file, cause, hint: `df -h ${shellQuoted(home)}` });
  }
  return { file, digest };
}

/** What the verdict was made from, by digest. */
function inputsOf({ facts_digest, schema_digest, backup, artifacts }: DrillReport) {
  return { facts_digest, schema_digest, manifest_digest: backup?.manifest_digest ?? null, artifacts };
}
