// The pages that are looked after: the runbooks, their index, and the documents beside them that name commands.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { didYouMean } from "../cli/did_you_mean.ts";
import { OpsFailure, usageFailure } from "../failure.ts";
import { parseRunbook, type Runbook } from "./read_runbook.ts";

export type PageKind = "runbook" | "index" | "document";

export interface Page extends Runbook {
  /** From the toolkit's folder: "runbooks/state_hub.md". */
  readonly file: string;
  readonly kind: PageKind;
}

export const FOLDER = "runbooks";
const INDEX = `${FOLDER}/README.md`;
const DOCUMENTS = ["README.md", "k8s/README.md", "systemd/README.md"];

/**
 * All of them, runbooks first.
 * @param root the toolkit's folder
 * @throws OpsFailure when there is no runbook: a lint of nothing would pass
 */
export function toolkitPages(root: string): Page[] {
  const folder = join(root, FOLDER);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".md")) : [];
  const files = names.map((name) => `${FOLDER}/${name}`).sort();
  const runbooks = files.filter((file) => file !== INDEX).map((file) => pageOf(root, file, "runbook"));
  if (runbooks.length === 0) {
    throw new OpsFailure("Could not find the runbooks", { where: folder, expected: "one Markdown file each" });
  }
  const index = files.includes(INDEX) ? [pageOf(root, INDEX, "index")] : [];
  const documents = DOCUMENTS.filter((file) => existsSync(join(root, file)));
  return [...runbooks, ...index, ...documents.map((file) => pageOf(root, file, "document"))];
}

type CommandFor = (name: string) => string;

interface Asked {
  /** The toolkit's folder. */
  readonly root: string;
  readonly names: readonly string[];
  /** What to type for a page, for the hint. */
  readonly commandFor: CommandFor;
}

/**
 * The pages that are asked for: `state_hub`, `state_hub.md` or the file, from the toolkit's folder or in full; all of them for none.
 * @throws OpsFailure (usage) for one that is not there
 */
export function pagesNamed(pages: readonly Page[], { root, names, commandFor }: Asked): readonly Page[] {
  if (names.length === 0) return pages;
  const within = (name: string) => (isAbsolute(name) ? relative(root, name) : name);
  return [...new Set(names.map((name) => pageNamed(pages, within(name), commandFor)))];
}

function pageNamed(pages: readonly Page[], name: string, commandFor: CommandFor): Page {
  const wanted = name.replace(/^\.\//, "").replace(/(\.md)?$/, ".md");
  const page = pages.find(({ file }) => file === wanted || file === `${FOLDER}/${wanted}`);
  if (page) return page;
  const short = pages.map(({ file }) => file.replace(`${FOLDER}/`, "").replace(/\.md$/, ""));
  const near = didYouMean(name, short);
  throw usageFailure("Could not find the runbook", {
    observed: name,
    expected: near === undefined ? `one of ${short.join(", ")}` : `${near}, perhaps`,
    hint: near === undefined ? "scripts/runbook.ts list" : commandFor(near),
  });
}

function pageOf(root: string, file: string, kind: PageKind): Page {
  return { ...parseRunbook(file, readFileSync(join(root, file), "utf8")), kind };
}
