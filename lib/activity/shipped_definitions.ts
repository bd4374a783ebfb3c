// The definitions that this toolkit comes with: what a schedule is as long as nobody has put it into the hub's table.
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { problemLine } from "./definition_problem.ts";
import { type FiledDefinition, readDefinitions } from "./read_definitions.ts";

/** The folder of this toolkit, absolute. */
export const TOOLKIT_ROOT = join(import.meta.dir, "../..");
/** Absolute. */
export const DEFINITIONS_FOLDER = join(TOOLKIT_ROOT, "k8s/activity-definitions");

/** @throws OpsFailure when the toolkit has no such definition that can be used */
export function shippedDefinition(uuid: string): FiledDefinition {
  const { definitions, problems } = readDefinitions(DEFINITIONS_FOLDER);
  const found = definitions.find((definition) => definition.uuid === uuid);
  if (found) return found;
  throw new OpsFailure("Could not find the activity's definition", {
    observed: problems[0] === undefined ? `none has the uuid ${uuid}` : problems.map(problemLine).join("; "),
    where: DEFINITIONS_FOLDER,
    hint: "scripts/activity_definitions.ts list",
  });
}
