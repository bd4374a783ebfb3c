// What the lint says of the pages, for programs; lint_view.ts has it for people. (pure)

export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly what: string;
  readonly hint: string;
}

export interface LintReport {
  readonly pages: readonly string[];
  /** Of those pages: blocks that are pasted, and commands of the toolkit wherever they stand. */
  readonly counts: { readonly blocks: number; readonly commands: number; readonly links: number };
  readonly rules: readonly { readonly id: string; readonly claim: string }[];
  readonly problems: readonly Problem[];
}
