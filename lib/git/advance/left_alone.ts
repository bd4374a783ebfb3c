// Why a checkout was not touched: one word for each reason, and the next thing that its owner may look at. No hint
// throws anything away: what stands there is somebody's work.
import { shellQuoted } from "../../shell_quoted.ts";

export type LeftCode =
  | "missing"
  | "bare"
  | "not_ours"
  | "read_only"
  | "other_branch"
  | "detached"
  | "unborn"
  | "diverged"
  | "merging"
  | "rebasing"
  | "cherry_picking"
  | "reverting"
  | "bisecting"
  | "locked"
  | "dirty"
  | "would_overwrite"
  | "submodule"
  | "no_room"
  | "program_key"
  | "foreign_git_dir"
  | "failed"
  | "raced";

export interface Left {
  readonly state: "left";
  readonly code: LeftCode;
  /** What was seen there; never a value of its configuration, which may be a secret. */
  readonly observed: string;
  /** A command to paste; it only looks, or does what git itself refuses when it would lose something. */
  readonly hint?: string;
}

const HINTS: Partial<Record<LeftCode, (path: string) => string>> = {
  missing: (path) => `ls -la ${path}`,
  bare: (path) => `git -C ${path} log --oneline -5`,
  not_ours: (path) => `ls -lnd ${path} ${path}/.git`,
  read_only: (path) => `findmnt --target ${path}`,
  diverged: (path) => `git -C ${path} log --oneline --graph --all -20`,
  would_overwrite: (path) => `git -C ${path} status --ignored`,
  foreign_git_dir: (path) => `git -C ${path} rev-parse --git-dir --git-common-dir`,
  no_room: (path) => `df -h ${path}`,
  submodule: (path) => `git -C ${path} pull --ff-only --recurse-submodules`,
  failed: (path) => `git -C ${path} pull --ff-only`,
};

/** @param hint where the code alone does not tell the next step */
export function left(code: LeftCode, path: string, observed: string, hint?: string): Left {
  const quoted = shellQuoted(path);
  const next = hint ?? HINTS[code]?.(quoted) ?? `git -C ${quoted} status`;
  return { state: "left", code, observed, hint: next };
}
