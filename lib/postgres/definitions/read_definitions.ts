// What a database is made of, as pg_dump tells it: a digest for each object, small enough to be kept with a backup.
import { digestOfText } from "../../canonical.ts";
import { type Definition, splitDefinitions } from "./split_definitions.ts";

/**
 * By "TYPE: schema.name", the SHA-256 of the definition in hex; several, sorted and joined by "+", where a dump has
 * several objects of one name.
 */
export type Definitions = ReadonlyMap<string, string>;

/**
 * @param file an SQL file made by pg_dump --schema-only or pg_restore --file
 * @throws OpsFailure (automation) when it is not a whole dump
 */
export async function readDefinitions(file: string): Promise<Definitions> {
  const digests = new Map<string, string>();
  for await (const definition of splitDefinitions(file)) {
    const name = nameOf(definition);
    const known = digests.get(name)?.split("+") ?? [];
    digests.set(name, [...known, digestOfText(textOf(definition))].sort().join("+"));
  }
  return digests;
}

/** The texts of some objects, for showing where they differ. */
export async function readDefinitionTexts(file: string, objects: ReadonlySet<string>): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for await (const definition of splitDefinitions(file)) {
    const name = nameOf(definition);
    if (objects.has(name)) texts.set(name, [texts.get(name) ?? [], utf8(textOf(definition))].flat().join("\n"));
  }
  return texts;
}

function nameOf({ object }: Definition): string {
  return utf8(object);
}

/** Privileges are printed in the order in which they were once granted, which means nothing. */
function textOf({ object, lines }: Definition): string {
  return (/^(?:DEFAULT )?ACL: /.test(object) ? [...lines].sort() : lines).join("\n");
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
