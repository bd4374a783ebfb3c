// Markdown as tokens, by markdown-it: its block rules alone for documents that are only searched for fences, all of it, with
// GitHub's tables and links, for pages that people read. Nothing is rendered, and nothing in a document is run.
import MarkdownIt from "markdown-it";

export type Token = ReturnType<MarkdownIt["parse"]>[number];

const blocks = new MarkdownIt("commonmark", { html: true });
blocks.core.ruler.enableOnly(["normalize", "block"]);
const pages = new MarkdownIt();

/** Blocks as CommonMark reads them; the content of an inline token is its source. */
export function blockTokens(text: string): Token[] {
  return blocks.parse(text, {});
}

/** As GitHub reads a page: tables are tables, and inline tokens have their links and code as children. */
export function pageTokens(text: string): Token[] {
  return pages.parse(text, {});
}
