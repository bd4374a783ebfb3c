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
 * The same differences, with the first line that differs in place of the digests, for at most `most` of them. Of what may hold a
 * secret the line's number is added.
 * @param files the SQL files that were compared
 */
export async function withDifferingLines<D extends Differing>(
  differences: readonly D[],
  files: { readonly expected: string; readonly actual: string },
  most = 50,
): Promise<D[]> {
  const keys = new Set(differences.slice(0, most).map(keyOf));
  if (keys.size === 0) return [...differences];
  const [expected, actual] = [
    await readDefinitionTexts(files.expected, keys),
    await readDefinitionTexts(files.actual, keys),
  ];
  return differences.map((each) => {
    const [left, right] = [expected.get(keyOf(each)), actual.get(keyOf(each))];
    return left === undefined || right === undefined ? each : shown(each, left.split("\n"), right.split("\n"));
  });
}

function keyOf({ kind, object }: Differing): string {
  return `${kind.toUpperCase()}: ${object}`;
}

function shown<D extends Differing>(difference: D, expected: readonly string[], actual: readonly string[]): D {
  const found = expected.findIndex((line, index) => line !== actual[index]);
  const at = found < 0 ? expected.length : found;
  if (MAY_HOLD_SECRET.test(difference.kind))
    return { ...difference, actual: `${difference.actual}, not the same from line ${at + 1} on` };
  return { ...difference, expected: lineAt(expected, at), actual: lineAt(actual, at) };
}

function lineAt(lines: readonly string[], index: number): string {
  return scrubText((lines[index] ?? "no such line").trim()).slice(0, LONGEST);
}
