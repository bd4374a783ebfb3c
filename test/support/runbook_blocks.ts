// A runbook as its tests see it: headings, fenced blocks and tables, read as GitHub reads them. A block that renders as
// text on GitHub is one that nobody at three in the morning can paste.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import MarkdownIt from "markdown-it";

export interface Heading {
  readonly level: number;
  readonly text: string;
  /** As GitHub makes it of the text, with `-1` for the second of the same name. */
  readonly anchor: string;
}

export interface Block {
  /** The first word of the info string. */
  readonly language: string;
  /** `class=` and `name=` of the info string; empty where they are missing. */
  readonly kind: string;
  readonly name: string;
  readonly text: string;
  /** Of the fence, counted from 1. */
  readonly line: number;
  /** The heading of level two that it stands below. */
  readonly section: string;
}

export interface TableRow {
  readonly section: string;
  /** The titles of its table's columns. */
  readonly titles: readonly string[];
  /** As they are written, with their backquotes. */
  readonly cells: readonly string[];
}

export interface Runbook {
  readonly file: string;
  readonly text: string;
  readonly headings: readonly Heading[];
  readonly blocks: readonly Block[];
  readonly rows: readonly TableRow[];
}

type Token = ReturnType<MarkdownIt["parse"]>[number];

export function readRunbook(path: string): Runbook {
  const text = readFileSync(path, "utf8");
  const tokens = new MarkdownIt().parse(text, {});
  const headings: Heading[] = [];
  const blocks: Block[] = [];
  const rows: TableRow[] = [];
  let section = "";
  let titles: readonly string[] | null = null;
  for (const [at, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const heading = headingOf(token, tokens[at + 1]?.content ?? "", headings);
      headings.push(heading);
      if (heading.level === 2) section = heading.text;
    } else if (token.type === "fence") blocks.push(blockOf(token, section));
    else if (token.type === "table_open") titles = null;
    else if (token.type === "tr_open") {
      const cells = cellsFrom(tokens, at);
      if (titles === null) titles = cells;
      else rows.push({ section, titles, cells });
    }
  }
  return { file: basename(path), text, headings, blocks, rows };
}

/** A block that is pasted into a shell, as against one that is looked at. */
export function isCommand({ kind }: Block): boolean {
  return kind === "run" || kind === "plan" || kind === "danger";
}

/** The words of a command as a shell splits them; `"${NAME:?}"` stands for itself. */
export function wordsOf(command: string): string[] {
  return [...command.trim().matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/^(["'])(.*)\1$/, "$2"),
  );
}

/** Links to other headings: `file#anchor`, the file empty for the same page. */
export function linksIn(text: string): { readonly file: string; readonly anchor: string | null }[] {
  const tokens = new MarkdownIt().parse(text, {});
  const inline = tokens.flatMap(({ children }) => children ?? []);
  return inline
    .filter(({ type }) => type === "link_open")
    .map((token) => token.attrGet("href") ?? "")
    .filter((href) => !/^[a-z]+:/.test(href))
    .map((href) => ({
      file: href.split("#")[0] ?? "",
      anchor: href.includes("#") ? (href.split("#")[1] ?? "") : null,
    }));
}

function headingOf({ tag }: Token, source: string, before: readonly Heading[]): Heading {
  const text = source.replace(/[`*]/g, "");
  const anchor = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
  const same = before.filter((each) => each.anchor.replace(/-\d+$/, "") === anchor || each.anchor === anchor).length;
  return { level: Number(tag.slice(1)), text, anchor: same === 0 ? anchor : `${anchor}-${same}` };
}

function blockOf({ info, content, map }: Token, section: string): Block {
  const [language = "", ...attributes] = info.trim().split(/\s+/);
  const attribute = (key: string) => attributes.find((each) => each.startsWith(`${key}=`))?.slice(key.length + 1) ?? "";
  return {
    language,
    kind: attribute("class"),
    name: attribute("name"),
    text: content,
    line: (map?.[0] ?? 0) + 1,
    section,
  };
}

function cellsFrom(tokens: readonly Token[], start: number): string[] {
  const end = tokens.findIndex(({ type }, at) => at > start && type === "tr_close");
  return tokens.slice(start, end).flatMap(({ type, content }) => (type === "inline" ? [content] : []));
}
