// The body of `runbook.ts list`: which runbooks there are, what for, how many of their blocks are dangers, and when somebody
// last went through each.
import type { Outcome, View } from "../cli/define_script.ts";
import { FOLDER, type Page, toolkitPages } from "./toolkit_pages.ts";

export interface ListedRunbook {
  /** What is typed for it: "state_hub". */
  readonly name: string;
  readonly file: string;
  readonly title: string;
  readonly blocks: { readonly run: number; readonly plan: number; readonly danger: number };
  /** YYYY-MM-DD; null where its last section has no date. */
  readonly last_rehearsed: string | null;
}

/** @throws OpsFailure when there is no runbook */
export function listRunbooks(root: string): Outcome {
  const runbooks = toolkitPages(root)
    .filter(({ kind }) => kind === "runbook")
    .map(listed);
  return {
    exitCode: 0,
    document: { runbooks },
    render: (view) => renderList(runbooks, view),
    next: "scripts/runbook.ts lint",
  };
}

function listed(page: Page): ListedRunbook {
  const count = (kind: string) => page.blocks.filter((block) => block.kind === kind).length;
  const rehearsed = page.paragraphs.filter(({ section }) => section === "Last rehearsed").map(({ text }) => text);
  return {
    name: page.file.slice(FOLDER.length + 1).replace(/\.md$/, ""),
    file: page.file,
    title: page.headings.find(({ level }) => level === 1)?.text ?? "",
    blocks: { run: count("run"), plan: count("plan"), danger: count("danger") },
    last_rehearsed: /\b\d{4}-\d\d-\d\d\b/.exec(rehearsed.join(" "))?.[0] ?? null,
  };
}

function renderList(runbooks: readonly ListedRunbook[], { table, paint }: View): string {
  const rows = runbooks.map(({ name, title, blocks, last_rehearsed }) => [
    name,
    title,
    blocks.run,
    blocks.plan,
    blocks.danger,
    last_rehearsed ?? paint.warning("never"),
  ]);
  const numbers = ["run", "plan", "danger"].map((title) => ({ title, align: "right" as const }));
  const columns = [{ title: "runbook" }, { title: "for" }, ...numbers, { title: "last rehearsed" }];
  return `${table(columns, rows)}\n\n${paint.dim(`By what you see: ${FOLDER}/README.md`)}`;
}
