// What the hub knows better than a file, to be written back into it.
import type { Problem } from "../../workplan/types.ts";
import type { IntentRecord } from "../repo_plan.ts";

/** A correction that a file needs, and of which row. */
export interface Correction extends IntentRecord {
  readonly kind: "workstream" | "task";
}

export interface RefusedEdit {
  readonly path: string;
  readonly problem: Problem;
}
