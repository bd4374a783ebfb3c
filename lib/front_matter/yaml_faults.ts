// Our own words for what is wrong with a piece of YAML. The parser's messages may quote the file, and with it a secret;
// these never do.
import type { YAMLError } from "yaml";
import { type MappingProblem, quoteKey } from "./mapping.ts";

/** A problem whose offset still counts from the start of its own block. */
export type YamlFault = MappingProblem;

type Wording = { readonly message: string; readonly expected: string | null; readonly hint: string };

const WORDINGS = {
  alias: ["A YAML alias (`*name`) is used", "the value itself", "Write the value out in full"],
  anchor: ["A YAML anchor (`&name`) is used", "plain values", "Delete the anchor and write the value out"],
  tag: [
    "A YAML tag (`!name`) is used",
    "plain values",
    "Delete the tag; every value is read as the text that stands there",
  ],
  merge_key: ["A YAML merge key (`<<`) is used", "plain keys", "Write the merged keys out in full"],
  key_not_text: [
    "A key is not a plain piece of text",
    "a key of one line",
    "Write the key as one word before the colon",
  ],
  control_character: ["The value holds a control character", "printable text", "Delete the character or its escape"],
  not_a_mapping: ["This is not a list of keys and values", "`key: value` lines", "Write one `key: value` a line"],
  document_marker: [
    "A YAML document marker stands inside the block",
    "one document",
    "Delete the line of `---` or `...`",
  ],
  directive: ["A YAML directive (`%`) is used", "`key: value` lines", "Delete the line"],
  tab_indentation: ["A tab is used as indentation", "spaces", "Replace the tab with spaces"],
  unclosed_value: ["A quote or bracket is not closed", "its closing half", "Close it on the same line"],
  bad_escape: [
    "An escape in a double-quoted value is not YAML",
    "an escape such as `\\n`",
    "Double the backslash, or use single quotes",
  ],
  bad_indentation: [
    "A line is indented in a way that YAML can't place",
    "one indentation per list or mapping",
    "Line it up with its neighbours",
  ],
  reserved_start: ["A value begins with a reserved character", "a quoted value", "Put the value in double quotes"],
  yaml_syntax: [
    "This line is not valid YAML",
    "`key: value`",
    "Put the value in double quotes if it holds `: ` or ` #`",
  ],
} as const satisfies Record<string, readonly [string, string, string]>;

export type YamlFaultCode = keyof typeof WORDINGS;

/** The problem for a code, at an offset of the block. */
export function faultOf(code: YamlFaultCode, offset: number, key: string | null = null): YamlFault {
  const wording = wordingOf(code);
  const message = key === null || key === "" ? wording.message : `${wording.message} (key ${quoteKey(key)})`;
  return { code, offset, key, message, observed: null, expected: wording.expected, hint: wording.hint };
}

function wordingOf(code: YamlFaultCode): Wording {
  const [message, expected, hint] = WORDINGS[code];
  return { message, expected, hint };
}

/** What makes a block more than one plain document, found before it is parsed. */
export function structureFault(block: string): YamlFault | null {
  const found = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)|^%/m.exec(block);
  if (found === null) return null;
  return faultOf(found[0] === "%" ? "directive" : "document_marker", found.index);
}

/** The parser's first error in our words. A tab in some line's indentation is the likelier cause than what it upset. */
export function syntaxFault(block: string, error: YAMLError): YamlFault {
  const at = Math.min(Math.max(0, error.pos[0]), block.length);
  const tab = /^ *\t[ \t]*\S/m.exec(block);
  if (error.code === "TAB_AS_INDENT" || tab !== null) return faultOf("tab_indentation", tab?.index ?? at);
  const code = CODES[error.code] ?? "yaml_syntax";
  return faultOf(code, code === "unclosed_value" ? openingBefore(block, at) : at);
}

/** Where the last value opens a quote or bracket before `at`: the parser only says where it gave up looking. */
function openingBefore(block: string, at: number): number {
  const openings = block.slice(0, at).matchAll(/^[^\s#:"'][^:\n]{0,200}: *(?=["'[{])/gm);
  const last = [...openings].at(-1);
  return last === undefined ? at : last.index + last[0].length;
}

const CODES: Partial<Record<YAMLError["code"], YamlFaultCode>> = {
  BAD_ALIAS: "alias",
  ALIAS_PROPS: "alias",
  MULTIPLE_ANCHORS: "anchor",
  MULTIPLE_TAGS: "tag",
  TAG_RESOLVE_FAILED: "tag",
  BAD_DQ_ESCAPE: "bad_escape",
  BAD_INDENT: "bad_indentation",
  BAD_SCALAR_START: "reserved_start",
  MISSING_CHAR: "unclosed_value",
  BAD_DIRECTIVE: "directive",
  MULTIPLE_DOCS: "document_marker",
};
