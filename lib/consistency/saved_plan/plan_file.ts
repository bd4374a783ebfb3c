// The plan on the disk. It holds whatever the workplans hold, so that nobody else may read it, and it replaces nothing but
// another plan: whoever mistypes a name must not lose a file.
import { lstatSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { OpsFailure, usageFailure } from "../../failure.ts";
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
  const found = savedPlan.safeParse(readJson(file));
  if (!found.success) throw noPlan(file, whyNot(found.error));
  if (isUnaltered(found.data)) return found.data;
  throw new OpsFailure("Could not apply the plan", {
    observed: "its digest is not that of what it says: it was changed after it was made",
    expected: "the file as --plan wrote it",
    where: file,
    hint: "Make the plan again; what should be different in it belongs into the workplans",
  });
}

function readJson(file: string): unknown {
  try {
    if (statSync(file).size > MAX_BYTES) throw noPlan(file, `more than ${MAX_BYTES} bytes`);
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    if (cause instanceof OpsFailure) throw cause;
    throw noPlan(file, cause instanceof SyntaxError ? "it is no JSON" : "it cannot be read", cause);
  }
}

function isPlan(file: string): boolean {
  try {
    return (readJson(file) as { kind?: unknown } | null)?.kind === PLAN_KIND;
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

/** The first thing that is wrong, by where it stands; never a value. */
function whyNot({ issues: [first] }: z.ZodError): string {
  const place = first?.path.join(".") ?? "";
  return `${place === "" ? "the document" : place}: ${first?.message ?? "it has another shape"}`;
}
