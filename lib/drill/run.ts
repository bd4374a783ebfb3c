// One run of a drill: what was asked, what it knows by now, and what it must take away at its end. (types)
import type { Secret } from "../secret.ts";
import type { Closers } from "./closers.ts";
import type { Draft } from "./evidence/draft.ts";
import type { Stages } from "./stages.ts";
import type { Terms } from "./terms.ts";

/** Lent to each step of a drill. */
export interface Run {
  readonly terms: Terms;
  readonly stages: Stages;
  readonly draft: Draft;
  readonly closers: Closers;
  /** Of this run alone, removed at its end. */
  readonly folder: string;
  /** The database to restore into for real; null: a server that is thrown away. */
  readonly into: Secret | null;
}
