// What a comparison of a copy with its source goes by.
import type { ClientPrograms } from "../../postgres/client/client_programs.ts";
import type { Archive } from "../archive/archive.ts";
import type { Facts } from "../source/facts.ts";
import type { Stages } from "../stages.ts";
import type { Terms } from "../terms.ts";
import type { CopyTarget } from "./copy_target.ts";

/** The copy, its source's facts, and what it takes to hold them against each other. */
export interface CompareTerms {
  readonly facts: Facts;
  readonly target: CopyTarget;
  readonly archive: Archive;
  /** Roles that the target's server had before the copy. */
  readonly existingRoles: readonly string[];
  readonly programs: ClientPrograms;
  /** A folder for what is written on the way. */
  readonly folder: string;
  readonly terms: Terms;
  readonly stages: Stages;
  readonly signal: AbortSignal;
}
