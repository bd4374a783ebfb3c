// Shows what of a definition differs: a digest proves it, but nobody can repair a digest.
import { scrubText } from "../../secret.ts";
import { readDefinitionTexts } from "./read_definitions.ts";

interface Differing {
  readonly kind: string;
  readonly object: string;
  readonly expected: string;
  readonly actual: string;
}

/** Their texts may hold a password: an option, a connection string, whatever a body calls with it. */
const MAY_HOLD_SECRET = /^(?:user mapping|subscription|server|foreign|function|procedure|comment|security label)/;
const LONGEST = 300;

/**
 * The same differences, with the first line that differs in place of the digests, for at most `most` of them.
 * @param files the SQL files that were compared
 */
export async function withDifferingLines<D extends Differing>(
  differences: readonly D[],
  files: { readonly expected: string; readonly actual: string },
  most = 50,
): Promise<D[]> {
  const shown = differences.slice(0, most).filter(({ kind }) => !MAY_HOLD_SECRET.test(kind));
  if (shown.length === 0) return [...differences];
  const keys = new Set(shown.map(keyOf));
  const [expected, actual] = [
    await readDefinitionTexts(files.expected, keys),
    await readDefinitionTexts(files.actual, keys),
  ];
  return differences.map((each) => {
    const [left, right] = [expected.get(keyOf(each)), actual.get(keyOf(each))];
    return left === undefined || right === undefined ? each : { ...each, ...firstDiffering(left, right) };
  });
}

function keyOf({ kind, object }: Differing): string {
  return `${kind.toUpperCase()}: ${object}`;
}

function firstDiffering(left: string, right: string) {
  const [lines, others] = [left.split("\n"), right.split("\n")];
  const at = lines.findIndex((line, index) => line !== others[index]);
  const index = at < 0 ? lines.length : at;
  return { expected: lineAt(lines, index), actual: lineAt(others, index) };
}

function lineAt(lines: readonly string[], index: number): string {
  return scrubText((lines[index] ?? "no such line").trim()).slice(0, LONGEST);
}
