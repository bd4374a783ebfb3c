// Whether everything that follows from the definitions says what they say: units and CronJobs on disk, rows in the hub.
import { compareFiles } from "./compare_files.ts";
import { compareRows } from "./compare_rows.ts";
import type { DefinitionRow } from "./definition_rows.ts";
import type { Difference } from "./difference.ts";
import type { Definitions } from "./read_definitions.ts";

/** The hub's table; or why nobody looked at it. */
export type TableSight =
  | { readonly state: "read"; readonly rows: readonly DefinitionRow[] }
  /** `left_out` was wanted so; `unread` could not be told. */
  | { readonly state: "left_out" | "unread"; readonly why: string };

export interface CheckedDefinitions {
  readonly definitions: Definitions;
  readonly differences: readonly Difference[];
  readonly table: TableSight;
}

/**
 * @param root the toolkit's folder, with systemd/active and k8s/apps in it
 * @throws OpsFailure for a file that is there and can't be read
 */
export function checkDefinitions(root: string, definitions: Definitions, table: TableSight): CheckedDefinitions {
  const inTable = table.state === "read" ? compareRows(definitions, table.rows) : [];
  return { definitions, differences: [...compareFiles(root, definitions), ...inTable], table };
}

/** What is known to be wrong outranks what could not be told. */
export function exitCodeOf({ definitions: { problems }, differences, table }: CheckedDefinitions): 0 | 1 | 2 {
  if (problems.length > 0 || differences.length > 0) return 1;
  return table.state === "unread" ? 2 : 0;
}
