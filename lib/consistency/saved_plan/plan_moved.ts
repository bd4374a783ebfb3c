// The refusal of a plan: what moved since it was made, as a list that a person can act on.
import { OpsFailure } from "../../failure.ts";

const LISTED = 10;

/** Its own class because a run refuses one repository for it and goes on with the others. */
export class PlanMoved extends OpsFailure {
  /** @param moved at least one line @param hint how to make a new plan */
  constructor(couldNot: string, moved: readonly string[], hint: string) {
    const shown = moved.slice(0, LISTED).join("; ");
    const more = moved.length > LISTED ? `; and ${moved.length - LISTED} more` : "";
    const observed = `${moved.length} ${moved.length === 1 ? "thing has" : "things have"} moved since: ${shown}${more}`;
    super(couldNot, { observed, hint });
  }
}
