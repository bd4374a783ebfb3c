// The material that a rule judges, and what it may say. (types)
import type { State } from "./inventory_types.ts";

/** One object that is not the same on both sides. */
export interface Judged {
  readonly object: string;
  /** undefined: that side has no such object. */
  readonly expected: State | undefined;
  readonly actual: State | undefined;
}

/** What a rule knows of the two servers. */
export interface Circumstances {
  /** `ours`: a server made for this, with roles that we made; `given`: somebody's server, whose roles stay as they are. */
  readonly cluster: "ours" | "given";
  /** Roles that a given server had before we came. */
  readonly existingRoles: ReadonlySet<string>;
  /** The role that made the source's server; a server of ours is made by one of the same name. */
  readonly bootstrap: string;
  readonly majors: { readonly expected: number; readonly actual: number };
}

/**
 * `differs` counts; `remark` and `notCompared` are said; a `Judged` goes on with what is left to compare (equal states
 * then mean that nothing is said).
 */
export type Judgement =
  | "differs"
  | { readonly remark: string }
  | { readonly notCompared: string }
  | { readonly compare: Judged; readonly remark?: string };
