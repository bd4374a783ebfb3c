// What a rule of the lint is. Each stands in a file of its own; the loop over them knows none by name.
import type { Script } from "../../cli/define_script.ts";
import type { Block } from "../read_runbook.ts";
import type { Page, PageKind } from "../toolkit_pages.ts";

export interface Offence {
  /** Of the page, counted from 1. */
  readonly line: number;
  /** What is wrong, without what to do about it. */
  readonly what: string;
  /** What to write instead, or a command to type. */
  readonly hint: string;
}

export interface Rule {
  readonly id: string;
  /** What holds on every page that keeps it. */
  readonly claim: string;
  readonly on: readonly PageKind[];
  readonly look: (page: Page, context: LintContext) => readonly Offence[] | Promise<readonly Offence[]>;
}

/** What a rule may know beside the page. */
export interface LintContext {
  /** The toolkit's folder. */
  readonly root: string;
  /** All pages, also those that are not looked at now. */
  readonly pages: readonly Page[];
  /** What bash says of the blocks that it cannot read. */
  readonly unreadable: ReadonlyMap<Block, string>;
  /** By its file's name below scripts/; null where there is none. */
  readonly scriptNamed: (name: string) => Promise<Script | null>;
}

export const RUNBOOK = ["runbook"] as const satisfies readonly PageKind[];
export const RUNBOOKS_FOLDER = ["runbook", "index"] as const satisfies readonly PageKind[];
export const EVERY_PAGE = ["runbook", "index", "document"] as const satisfies readonly PageKind[];
