// The first line of every rendered file: who opens it is sent to the definition, and a file whose definition is gone is known
// by it.
import { type ActivityDefinition, unitNameOf } from "./definition.ts";

const BEGINNING = "# Rendered from k8s/activity-definitions/";

/** "# Rendered from k8s/activity-definitions/NAME.md by ...", without a line end. */
export function renderedHeader(definition: Pick<ActivityDefinition, "id">): string {
  return `${BEGINNING}${unitNameOf(definition)}.md by scripts/activity_definitions.ts render; change it there.`;
}

/** Whether a text begins as every rendered file does. */
export function isRendered(text: string): boolean {
  return text.startsWith(BEGINNING);
}
