// The plan on the disk. It holds whatever the workplans hold, so that nobody else may read it, and it replaces nothing but
// another plan: whoever mistypes a name must not lose a file.
import { lstatSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { OpsFailure, usageFailure } from "../../failure.ts";
import { firstFault, readJson } from "../../plan/read_json.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { writeWhole } from "../../whole_file.ts";
import { isUnaltered, PLAN_KIND, type SavedPlan, savedPlan } from "./plan_document.ts";

/** A plan for a thousand repositories takes a tenth of it. */
const MAX_BYTES = 256 * 1024 * 1024;

/** @throws OpsFailure (usage) when the file cannot be put there, or when something else than a plan stands there */
export function requireRoomForPlan(file: string): void {
  const folder = dirname(resolve(file));
  const refuse = (observed: string) => {
    throw usageFailure("Could not write the plan", {
      observed,
      expected: "a name that is free, or that of an earlier plan",
      where: file,
      hint: `ls -ld ${shellQuoted(folder)} ${shellQuoted(file)}, then take another name after --plan`,
    });
  };
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) refuse("its folder does not exist");
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isFile()) refuse("something that is no file stands there");
  if (there.size > 0 && !isPlan(file)) refuse("another file stands there, and stays as it is");
}

/** Whole or not at all, and readable by its owner alone. @throws OpsFailure as requireRoomForPlan, and when the disk refuses */
export function writePlanFile(file: string, plan: SavedPlan): void {
  requireRoomForPlan(file);
  try {
    writeWhole(resolve(file), `${JSON.stringify(plan, null, 2)}\n`);
  } catch (cause) {
    const hint = `ls -ld ${shellQuoted(dirname(resolve(file)))}`;
    throw new OpsFailure("Could not write the plan", { where: file, cause, hint });
  }
}

/**
 * @throws OpsFailure (usage) for a file that is not there or is no plan; OpsFailure (automation) for a plan that was changed
 * after it was made
 */
export function readPlanFile(file: string): SavedPlan {
  const found = savedPlan.safeParse(jsonIn(file));
  if (!found.success) throw noPlan(file, firstFault(found.error.issues));
  if (isUnaltered(found.data)) return found.data;
  throw new OpsFailure("Could not apply the plan", {
    observed: "its digest is not that of what it says: it was changed after it was made",
    expected: "the file as --plan wrote it",
    where: file,
    hint: "Make the plan again; what should be different in it belongs into the workplans",
  });
}

function jsonIn(file: string): unknown {
  return readJson(file, MAX_BYTES, (observed, cause) => noPlan(file, observed, cause));
}

function isPlan(file: string): boolean {
  try {
    return (jsonIn(file) as { kind?: unknown } | null)?.kind === PLAN_KIND;
  } catch {
    return false;
  }
}

function noPlan(file: string, observed: string, cause?: unknown): OpsFailure {
  const hint = `ls -l ${shellQuoted(file)}`;
  return usageFailure("Could not read the plan", {
    observed,
    expected: "a file that --plan wrote",
    where: file,
    hint,
    cause,
  });
}
