// A whole file that is one YAML mapping: settings that a person writes. Scalars come as the text that stands there, each
// problem with its line.
import { readFileSync, statSync } from "node:fs";
import { usageFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { lineIndex } from "./line_index.ts";
import type { MappingLimits } from "./mapping.ts";
import { readMapping } from "./read_mapping.ts";

/**
 * @param whenMissing what to type where there is no such file
 * @returns a JSON value without numbers
 * @throws OpsFailure (usage): not there, empty, too large, not UTF-8, not YAML; its words never quote the file
 */
export function readYamlFile(
  file: string,
  what: string,
  limits: MappingLimits,
  whenMissing: string,
): Readonly<Record<string, unknown>> {
  const text = textOf(file, what, limits.maxBytes, whenMissing).replace(/^\ufeff/, "");
  const { entries, problems } = readMapping(text, 0, text.length, limits);
  const [problem] = problems;
  if (problem !== undefined) {
    const { line, column } = lineIndex(text).place(problem.offset);
    throw usageFailure(`Could not use ${what}`, {
      observed: [problem.message, problem.observed].filter(Boolean).join(": "),
      ...(problem.expected === null ? {} : { expected: problem.expected }),
      where: `${file}:${line}:${column}`,
      hint: problem.hint,
    });
  }
  return Object.fromEntries([...entries].map(([key, { value }]) => [key, value]));
}

function textOf(file: string, what: string, maxBytes: number, whenMissing: string): string {
  const refused = (observed: string, expected: string, hint = `ls -l ${shellQuoted(file)}`) =>
    usageFailure(`Could not use ${what}`, { observed, expected, where: file, hint });
  try {
    const { size } = statSync(file);
    if (size > maxBytes) throw refused(`${size} bytes`, `at most ${maxBytes} bytes`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
    if (text.trim() === "") throw refused("an empty file", "`key: value` lines");
    return text;
  } catch (error) {
    if (error instanceof TypeError) throw refused("bytes that are no UTF-8", "text in UTF-8");
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ENOENT") throw refused("no such file", "a file that can be read", whenMissing);
    throw refused(String(error.code), "a file that can be read");
  }
}
