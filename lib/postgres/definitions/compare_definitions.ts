// Whether two databases are made of the same objects. PostgreSQL prints some expressions in another way once they were
// restored (a varchar compared with IN, a view over it), so equality of texts alone would call good copies bad.
import type { Definitions } from "./read_definitions.ts";

/**
 * @param settle the expected definitions restored into an empty database and read back; asked for only when something
 * differs. A text that is equal to that one is no difference; what is missing, or there too much, always is one.
 */
export async function compareDefinitions(
  expected: Definitions,
  actual: Definitions,
  settle: () => Promise<Definitions>,
): Promise<{ kind: string; object: string; expected: string; actual: string }[]> {
  const differing = [...new Set([...expected.keys(), ...actual.keys()])]
    .filter((object) => expected.get(object) !== actual.get(object))
    .sort();
  const rewritten = differing.some((object) => expected.has(object) && actual.has(object));
  const settled = rewritten ? await settle() : new Map<string, string>();
  return differing
    .filter((object) => !(expected.has(object) && actual.has(object) && actual.get(object) === settled.get(object)))
    .map((object) => ({ ...named(object), expected: side(expected, object), actual: side(actual, object) }));
}

function named(object: string) {
  const colon = object.indexOf(": ");
  return { kind: object.slice(0, colon).toLowerCase(), object: object.slice(colon + 2) };
}

function side(definitions: Definitions, object: string): string {
  const digest = definitions.get(object);
  return digest === undefined ? "missing" : `definition ${digest.slice(0, 12)}`;
}
