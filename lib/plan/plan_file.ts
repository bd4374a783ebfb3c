// A plan on the disk: whole or not there, readable by its owner alone, and in the place of nothing but another plan. What is
// read back is judged strictly: a plan of another kind, another version, or with a changed word is refused.

import { lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { OpsFailure, usageFailure } from "../failure.ts";
import { makePrivateFolder } from "../private_folder.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { writeWhole } from "../whole_file.ts";
import { isUnaltered, type Plan, savedPlan } from "./plan.ts";
import { firstFault, readJson } from "./read_json.ts";

/** A plan is a page or two; what is much more is something else. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Its folder is made when it is missing.
 * @throws OpsFailure (usage) when something else than a plan stands there; OpsFailure (automation) when the disk refuses
 */
export function writePlan(file: string, plan: Plan): void {
  const path = resolve(file);
  try {
    makePrivateFolder(dirname(path));
    requireRoom(path);
    writeWhole(path, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (cause) {
    if (cause instanceof OpsFailure) throw cause;
    const hint = `ls -ld ${shellQuoted(dirname(path))}`;
    throw new OpsFailure("Could not write the plan", { where: file, cause, hint });
  }
}

/**
 * @param kinds those that the caller can apply
 * @param remake the command that makes a plan of a kind
 * @throws OpsFailure (usage) for a file that is not there, is no plan, or a plan for something else; OpsFailure (automation)
 * for one that was changed after it was made
 */
export function readPlan(file: string, kinds: readonly string[], remake?: (kind: string) => string): Plan {
  const found = savedPlan.safeParse(jsonIn(file));
  if (!found.success) throw noPlan(file, firstFault(found.error.issues));
  const plan = found.data;
  if (!isUnaltered(plan))
    throw new OpsFailure("Could not apply the plan", {
      observed: "its digest is not that of what it says: it was changed after it was made",
      expected: "the file as it was saved",
      where: file,
      hint: remake?.(plan.kind) ?? `ls -l ${shellQuoted(file)}`,
    });
  if (!kinds.includes(plan.kind)) throw noPlan(file, `it is a plan for ${plan.kind}`, undefined, kinds.join(" or "));
  return plan;
}

function requireRoom(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined || (there.isFile() && there.size > 0 && isSomePlan(path))) return;
  throw usageFailure("Could not write the plan", {
    observed: there.isFile()
      ? "another file stands there, and stays as it is"
      : "something that is no file stands there",
    expected: "a name that is free, or that of an earlier plan",
    where: path,
    hint: `ls -ld ${shellQuoted(path)}`,
  });
}

function isSomePlan(path: string): boolean {
  try {
    return savedPlan.safeParse(jsonIn(path)).success;
  } catch {
    return false;
  }
}

function jsonIn(file: string): unknown {
  return readJson(file, MAX_BYTES, (observed, cause) => noPlan(file, observed, cause));
}

function noPlan(file: string, observed: string, cause?: unknown, kinds?: string): OpsFailure {
  return usageFailure("Could not read the plan", {
    observed,
    expected: kinds === undefined ? "a plan that was saved by this toolkit" : `a plan for ${kinds}`,
    where: file,
    hint: `ls -l ${shellQuoted(file)}`,
    cause,
  });
}
