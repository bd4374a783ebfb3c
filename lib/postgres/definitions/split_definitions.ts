// Takes an SQL file of pg_dump or pg_restore apart, object by object, as it streams by: what is left of each is its own
// text, without what changes from run to run.
import { OpsFailure } from "../../failure.ts";
import { afterLine, CODE, type Within } from "./sql_lexer.ts";

/** One object of a dump. */
export interface Definition {
  /** "TYPE: schema.name", "TYPE: name" where there is no schema. Overloaded functions have their arguments in the name. */
  readonly object: string;
  /** As the file has it, in the dump's encoding, one character a byte (latin1). */
  readonly lines: readonly string[];
}

// pg_backup_archiver.c, _printTocEntry(): "-- Name: %s; Type: %s; Schema: %s; Owner: %s[; Tablespace: %s]", newlines taken out.
const HEADER = /^-- (?:Data for )?Name: (.*); Type: ([A-Z ]+); Schema: (.*); Owner: (.*?)(?:; Tablespace: .*)?$/;
const COMPLETE = "-- PostgreSQL database dump complete";

// Written once for all objects, wherever the order of the dump asks for it; and psql's guard with its random word.
const NOT_AN_OBJECT =
  /^(?:\\(?:un)?restrict |--|SET (?:\w+_timeout|client_encoding|standard_conforming_strings|check_function_bodies|xmloption|client_min_messages|row_security|default_tablespace|default_table_access_method|default_with_oids) = |SELECT pg_catalog\.set_config\('search_path', '', false\);)/;
const BACKSLASHES = "SET standard_conforming_strings = off;";

// Rows and what is restored with them: the fingerprint, the sequences and the inventory look at these.
const NOT_A_DEFINITION = new Set([
  "TABLE DATA",
  "SEQUENCE SET",
  "MATERIALIZED VIEW DATA",
  "STATISTICS DATA",
  "BLOB",
  "BLOBS",
  "BLOB METADATA",
  "DATABASE",
  "DATABASE PROPERTIES",
]);
const OF_LARGE_OBJECT = /^(?:ACL|COMMENT|SECURITY LABEL): (?:-\.)?LARGE OBJECTS? \d/;

/** @throws OpsFailure (automation) when the file is no such dump, or not a whole one */
export async function* splitDefinitions(file: string): AsyncGenerator<Definition> {
  let within: Within = CODE;
  let backslashes = false;
  let complete = false;
  let current: { object: string; lines: string[] } | undefined;
  for await (const line of linesOf(file)) {
    const inCode = within.in === "code";
    const header = inCode ? HEADER.exec(line) : null;
    if (inCode && line === BACKSLASHES) backslashes = true;
    if (inCode && line === COMPLETE) complete = true;
    within = afterLine(line, within, backslashes);
    if (header !== null) {
      if (current !== undefined && isDefinition(current.object)) yield current;
      current = begin(header);
    } else if (current !== undefined && !(inCode && (line === "" || NOT_AN_OBJECT.test(line)))) {
      current.lines.push(line);
    }
  }
  if (!complete || within.in !== "code") throw notWhole(file);
  if (current !== undefined && isDefinition(current.object)) yield current;
}

function begin([, name = "", type = "", schema = "", owner = ""]: readonly string[]) {
  // The owner stands in the header even where no ALTER ... OWNER TO follows.
  return { object: `${type}: ${schema === "-" ? "" : `${schema}.`}${name}`, lines: [`-- Owner: ${owner}`] };
}

function isDefinition(object: string): boolean {
  return !NOT_A_DEFINITION.has(object.slice(0, object.indexOf(": "))) && !OF_LARGE_OBJECT.test(object);
}

function notWhole(file: string): OpsFailure {
  return new OpsFailure("Could not read the definitions: the file is not a whole dump", {
    where: file,
    expected: `"${COMPLETE}" at its end`,
    hint: `tail -n 5 ${file}`,
  });
}

/** Lines without their ends; latin1, because the dump is in the database's encoding, whichever that is. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of Bun.file(file).stream()) {
    const lines = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
