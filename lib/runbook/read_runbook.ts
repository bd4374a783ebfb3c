// A page of instructions as its readers meet it on GitHub: headings, fenced blocks, tables, code and links, each with its
// line. A block that renders as text there is one that nobody at three in the morning can paste.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { pageTokens, type Token } from "../markdown/tokens.ts";
import { inlineOf } from "./inline_places.ts";

export interface Heading {
  readonly level: number;
  readonly text: string;
  /** As GitHub makes it of the text, with `-1` for the second of the same name. */
  readonly anchor: string;
  /** Counted from 1, here and below. */
  readonly line: number;
}

export interface Block {
  /** The first word of the info string; empty for an indented block. */
  readonly language: string;
  /** `class=`, `name=` and `confirm=` of the info string; empty where they are missing. */
  readonly kind: string;
  readonly name: string;
  readonly confirm: string;
  /** `when=cleanup`: it runs at the end of a run, however that ends. Empty: where it stands. */
  readonly when: string;
  /** `exit=`: what the command should end with, as it is written; empty for 0. */
  readonly exit: string;
  /** The words of the info string behind the language, as they are written. */
  readonly attributes: readonly string[];
  readonly text: string;
  /** Of the fence. */
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

export interface Paragraph {
  readonly section: string;
  readonly text: string;
}

export interface InlineCode {
  readonly text: string;
  readonly line: number;
}

export interface Link {
  /** The page that is meant, from this one; empty for the same page. */
  readonly file: string;
  readonly anchor: string | null;
  readonly line: number;
}

export interface Runbook {
  readonly file: string;
  readonly text: string;
  readonly headings: readonly Heading[];
  readonly blocks: readonly Block[];
  readonly rows: readonly TableRow[];
  readonly paragraphs: readonly Paragraph[];
  readonly codes: readonly InlineCode[];
  /** Those to other pages and headings, none to the web. */
  readonly links: readonly Link[];
}

/** @throws the file system's error where it cannot be read */
export function readRunbook(path: string): Runbook {
  return parseRunbook(basename(path), readFileSync(path, "utf8"));
}

export function parseRunbook(file: string, text: string): Runbook {
  const tokens = pageTokens(text);
  const headings: Heading[] = [];
  const blocks: Block[] = [];
  const rows: TableRow[] = [];
  const paragraphs: Paragraph[] = [];
  let section = "";
  let titles: readonly string[] | null = null;
  for (const [at, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const heading = headingOf(token, tokens[at + 1]?.content ?? "", headings);
      headings.push(heading);
      if (heading.level === 2) section = heading.text;
    } else if (token.type === "fence" || token.type === "code_block") blocks.push(blockOf(token, section));
    else if (token.type === "paragraph_open") paragraphs.push({ section, text: tokens[at + 1]?.content ?? "" });
    else if (token.type === "table_open") titles = null;
    else if (token.type === "tr_open") {
      const cells = cellsFrom(tokens, at);
      if (titles === null) titles = cells;
      else rows.push({ section, titles, cells });
    }
  }
  return { file, text, headings, blocks, rows, paragraphs, ...inlineOf(tokens) };
}

/** A block that is pasted into a shell, as against one that is looked at. */
export function isCommand({ kind }: Pick<Block, "kind">): boolean {
  return kind === "run" || kind === "plan" || kind === "danger";
}

function headingOf({ tag, map }: Token, source: string, before: readonly Heading[]): Heading {
  const text = source.replace(/[`*]/g, "");
  const anchor = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
  const same = before.filter((each) => each.anchor.replace(/-\d+$/, "") === anchor || each.anchor === anchor).length;
  return {
    level: Number(tag.slice(1)),
    text,
    anchor: same === 0 ? anchor : `${anchor}-${same}`,
    line: (map?.[0] ?? 0) + 1,
  };
}

function blockOf({ info, content, map }: Token, section: string): Block {
  const [language = "", ...attributes] = info.trim().split(/\s+/);
  const attribute = (key: string) => attributes.find((each) => each.startsWith(`${key}=`))?.slice(key.length + 1) ?? "";
  return {
    language,
    kind: attribute("class"),
    name: attribute("name"),
    confirm: attribute("confirm"),
    when: attribute("when"),
    exit: attribute("exit"),
    attributes,
    text: content,
    line: (map?.[0] ?? 0) + 1,
    section,
  };
}

function cellsFrom(tokens: readonly Token[], start: number): string[] {
  const end = tokens.findIndex(({ type }, at) => at > start && type === "tr_close");
  return tokens.slice(start, end).flatMap(({ type, content }) => (type === "inline" ? [content] : []));
}
