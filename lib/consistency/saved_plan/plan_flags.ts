// What the flags of the main job ask for. With --apply the plan says what the run is about; a flag that says something else
// is a mistake that must not be settled by a guess.

import { canonical } from "../../canonical.ts";
import { type OpsFailure, usageFailure } from "../../failure.ts";
import { canonicalPath, findCheckout } from "../../git/checkout.ts";
import { readAsPath } from "../next_command.ts";
import type { PlanBody, SavedPlan } from "./plan_document.ts";

export interface RunFlags {
  readonly repo?: string | undefined;
  readonly all: boolean;
  readonly remote: boolean;
  readonly "write-back"?: boolean | undefined;
  readonly full: boolean;
  readonly "dry-run": boolean;
  readonly plan?: string | undefined;
  readonly apply?: string | undefined;
}

export interface AskedRun {
  readonly scope: PlanBody["run"]["scope"];
  readonly remote: boolean;
  /** undefined: as it is usual for this hub. */
  readonly writeBack: boolean | undefined;
  /** The plan to apply. */
  readonly plan: SavedPlan | null;
}

/** @throws OpsFailure (usage) for flags that are missing or contradict each other or the plan; as readPlanFile */
export async function askedRun(flags: RunFlags): Promise<AskedRun> {
  const { repo, all, remote, plan, apply } = flags;
  if (apply === undefined) {
    const scope = scopeOfFlags(flags);
    if (scope === null) throw contradiction("neither --repo nor --all", "exactly one of --repo or --all");
    return { scope, remote, writeBack: flags["write-back"], plan: null };
  }
  if (plan !== undefined) throw contradiction("--plan and --apply together", "one of them");
  if (flags["dry-run"])
    throw contradiction("--dry-run and --apply together", "--apply, which rehearses before it writes");
  if (flags.full)
    throw contradiction("--full and --apply together", "--apply, which reads all that the plan was made from");
  const { readPlanFile } = await import("./plan_file.ts");
  const saved = readPlanFile(apply);
  const { scope, remote: far, write_back } = saved.run;
  const asked = scopeOfFlags(flags);
  if (asked !== null && canonical(storedScope(asked)) !== canonical(scope))
    throw contradiction(repo === undefined ? "--all" : `--repo ${repo}`, `${scopeInFlags(scope)}, as the plan has it`);
  if (remote && !far) throw contradiction("--remote", "a plan that was made with --remote");
  if (!remote && far && (repo !== undefined || all) && asked !== null)
    throw contradiction(`${scopeInFlags(scope)} without --remote`, "--remote, as the plan has it");
  const writeBack = flags["write-back"];
  if (writeBack !== undefined && writeBack !== write_back)
    throw contradiction(writeBack ? "--write-back" : "--no-write-back", "what the plan was made with");
  return { scope, remote: far, writeBack: far ? write_back : undefined, plan: saved };
}

function scopeOfFlags({ repo, all }: RunFlags): AskedRun["scope"] | null {
  if (repo !== undefined && all) throw contradiction("--repo and --all together", "exactly one of --repo or --all");
  if (repo !== undefined) return readAsPath(repo) ? { path: repo } : { slug: repo };
  return all ? { all: true } : null;
}

/** A path as it is registered: the plan may be applied from another folder. */
export function storedScope(scope: AskedRun["scope"]): AskedRun["scope"] {
  if (!("path" in scope)) return scope;
  const at = canonicalPath(scope.path);
  return { path: findCheckout(at)?.path ?? at };
}

function scopeInFlags(scope: AskedRun["scope"]): string {
  if ("all" in scope) return "--all";
  return `--repo ${"path" in scope ? scope.path : scope.slug}`;
}

function contradiction(observed: string, expected: string): OpsFailure {
  return usageFailure("Could not use these arguments", {
    observed,
    expected,
    hint: "scripts/consistency_check.ts --help",
  });
}
