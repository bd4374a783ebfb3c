// The commands that go on from a plan: the one that applies it, and the one that makes it anew. (pure)
import { shellQuoted } from "../../shell_quoted.ts";
import type { PlanBody } from "./plan_document.ts";

export function applyCommand(file: string): string {
  return `scripts/consistency_check.ts --apply ${shellQuoted(file)}`;
}

/** The same plan again, over what there is now. */
export function planCommand({ scope, remote, write_back, full }: PlanBody["run"], file: string): string {
  const about =
    "all" in scope
      ? "scripts/consistency_check.ts --all"
      : `scripts/consistency_check.ts --repo ${shellQuoted("path" in scope ? scope.path : scope.slug)}`;
  const far = remote ? ["--remote", write_back ? "--write-back" : "--no-write-back"] : [];
  return [about, ...far, ...(full ? ["--full"] : []), "--plan", shellQuoted(file)].join(" ");
}
