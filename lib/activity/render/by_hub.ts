// Which activities a hub can do in their schedule's stead; any other goes to the database itself.
import type { ActivityDefinition } from "../definition.ts";

const SCRIPTS: ReadonlySet<string> = new Set(["scripts/consistency_check.ts"]);

/** Whether its command is one that takes `--via URL`. */
export function goesByHub({ instruction }: Pick<ActivityDefinition, "instruction">): boolean {
  return SCRIPTS.has(instruction.split(" ")[0] ?? "");
}
