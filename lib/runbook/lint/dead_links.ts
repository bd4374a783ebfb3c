// A link that leads nowhere is found by the one who needs it. Pages are looked up as they lie beside each other on the disk;
// the web is not asked.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { didYouMean } from "../../cli/did_you_mean.ts";
import { type Heading, type Link, parseRunbook } from "../read_runbook.ts";
import type { Page } from "../toolkit_pages.ts";
import { EVERY_PAGE, type LintContext, type Rule } from "./rule.ts";

export const deadLinks: Rule = {
  id: "dead-link",
  claim: "every link leads to a file and a heading that are there",
  on: EVERY_PAGE,
  look: (page, context) =>
    page.links.flatMap((link) => {
      const what = whatIsDead(link, page, context);
      return what === null ? [] : [{ line: link.line, what, hint: hintFor(link, page, context) }];
    }),
};

function whatIsDead({ file, anchor }: Link, page: Page, context: LintContext): string | null {
  const path = targetOf(file, page);
  if (path.startsWith("..") || !existsSync(join(context.root, path))) return `there is no file ${file}`;
  if (anchor === null) return null;
  if (headingsOf(path, context).some((heading) => heading.anchor === anchor)) return null;
  return `${file || "this page"} has no heading #${anchor}`;
}

/** @returns the path from the toolkit's folder */
function targetOf(file: string, page: Page): string {
  return file === "" ? page.file : normalize(join(dirname(page.file), file));
}

function headingsOf(path: string, { root, pages }: LintContext): readonly Heading[] {
  const page = pages.find(({ file }) => file === path);
  if (page) return page.headings;
  if (!path.endsWith(".md") || !statSync(join(root, path)).isFile()) return [];
  return parseRunbook(path, readFileSync(join(root, path), "utf8")).headings;
}

function hintFor({ file, anchor }: Link, page: Page, context: LintContext): string {
  const path = targetOf(file, page);
  if (anchor === null || !existsSync(join(context.root, path))) return `a path from ${dirname(page.file)}/`;
  const near = didYouMean(
    anchor,
    headingsOf(path, context).map((heading) => heading.anchor),
  );
  return near === undefined ? `grep '^#' ${path}` : `#${near}, perhaps`;
}
