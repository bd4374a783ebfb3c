// A definition's front matter as it stands in its file: what problems are pointed at.
import type { Entry } from "../front_matter/mapping.ts";
import type { Place } from "./definition_problem.ts";

export interface Sheet {
  /** The name that problems carry. */
  readonly file: string;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Where a key stands, or `inner` below it; the top of the file when it is missing. */
  placeOf(key: string, inner?: string): Place;
}
