// Files made to be slow. The limit is per file, on a warm process; the machine may be busy, so the best of five counts.
import { expect, test } from "bun:test";
import { parseWorkplan } from "../../../lib/workplan/parse_workplan.ts";
import { block, bytesOf, plan } from "./sample.ts";

const MIB = 1024 * 1024;
const LIMIT_MS = 100;

const fill = (piece: string, length: number) => piece.repeat(Math.floor(length / piece.length));
const inFront = (piece: string) => `---\n${fill(piece, 65_000)}\n---\n`;
const inBlocks = (piece: string) => plan({}, fill(`\`\`\`task\n${fill(piece, 15_900)}\n\`\`\`\n`, MIB - 500));
const inBody = (piece: string) => plan({}, fill(piece, MIB - 500));
/** Not for the line scanner: its first lines need the full Markdown reader. */
const inMarkdown = (piece: string) => plan({}, ` <i>\n\n${fill(piece, MIB - 500)}`);

const YAML = [
  "a: 1\n",
  "a:\n",
  "key: [",
  "[",
  "{",
  "[a,",
  "- ",
  "? ",
  "- a\n",
  ":\n",
  "\n",
  " ",
  "\t",
  '"',
  "'",
  "&a ",
  "!a ",
  "*a ",
  "#\n",
  "%\n",
  "a: b: ",
  "a: b: c\n",
  "a:\tb:\t",
  "<<: ",
  "a: |\n b\n",
  'a: "\\x41',
  "a:\n - b\n",
  "k#: v\n",
  "---x\n",
];
const MARKDOWN = [
  "```a`\n",
  "```\n",
  "````\n```\n",
  "```task\n",
  "```task\n```\n",
  "~~~ task x\nid: a\n~~~\n",
  "- ```task\n",
  "- a\n",
  "- ",
  "> ",
  "> > > ",
  "> a\n",
  "- - - a\n",
  "1. - > ".repeat(6).concat("a\n"),
  "- ".repeat(20).concat("a\n"),
  "a\n",
  "a\n=\n",
  "# a\n",
  "    a\n",
  "\n",
  " \n",
  "\r\n",
  " ",
  "#",
  "`",
  "[",
  "[a]: b\n",
  "[a]:\n",
  "[a]: b 'c\n",
  "<!--",
  "<!-- -->\n",
  "<a\n",
  "<div>\n",
  "://a:b@",
  "AKIA",
  "AKIAABCDEFGHIJKLMNOP ",
  "-----BEGIN ",
  "<<<<<<< \n",
];

const files: Readonly<Record<string, Uint8Array>> = {
  "60,000 keys": bytesOf(`---\n${Array.from({ length: 60_000 }, (_, n) => `k${n}: v\n`).join("")}---\n`),
  "4,000 blocks": bytesOf(plan({}, Array.from({ length: 4000 }, (_, n) => block({ id: `A-T${n}` })).join(""))),
  "200 MB": new Uint8Array(200 * MIB),
  "a megabyte of 0xff": new Uint8Array(MIB).fill(0xff),
  "a megabyte of NUL": new Uint8Array(MIB),
  "a bad last byte": bytesOf("é".repeat(MIB / 2)).with(MIB - 1, 0xc3),
  ...Object.fromEntries(YAML.map((piece) => [`front matter of ${JSON.stringify(piece)}`, bytesOf(inFront(piece))])),
  ...Object.fromEntries(YAML.map((piece) => [`blocks of ${JSON.stringify(piece)}`, bytesOf(inBlocks(piece))])),
  ...Object.fromEntries(
    MARKDOWN.map((piece) => [`a body of ${JSON.stringify(piece.slice(0, 30))}`, bytesOf(inBody(piece))]),
  ),
  ...Object.fromEntries(
    MARKDOWN.map((piece) => [`Markdown of ${JSON.stringify(piece.slice(0, 30))}`, bytesOf(inMarkdown(piece))]),
  ),
};

for (const [what, bytes] of Object.entries(files)) {
  test(`parseWorkplan() spends no more than ${LIMIT_MS} ms on ${what}`, () => {
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 5 && best > LIMIT_MS; attempt++) {
      const started = performance.now();
      parseWorkplan("x.md", bytes);
      best = Math.min(best, performance.now() - started);
    }
    expect(best).toBeLessThan(LIMIT_MS);
  });
}
