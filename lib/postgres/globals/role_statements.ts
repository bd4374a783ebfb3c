// Roles belong to a server, so no dump of one database holds them; without them a restore stops at its first owner.
// Never with a password: whoever needs one gets it from the operator.
import type { State } from "../inventory/inventory_types.ts";
import { quoteName, quoteText } from "./quote.ts";

/** Field of the inventory, word of the statement; only an operator grants these in a server that was given. */
const POWERS = [
  ["superuser", "SUPERUSER"],
  ["login", "LOGIN"],
  ["replication", "REPLICATION"],
  ["bypass_row_security", "BYPASSRLS"],
] as const;

const RIGHTS = [
  ["no_inherit", "NOINHERIT"],
  ["create_role", "CREATEROLE"],
  ["create_database", "CREATEDB"],
] as const;

/** @param power whether the role gets what only an operator may grant */
export function roleStatements(name: string, role: State, power: boolean): string[] {
  const words = [...(power ? powersOf(role) : ["NOLOGIN"]), ...wordsOf(role, RIGHTS)];
  if (role.connection_limit !== undefined) words.push(`CONNECTION LIMIT ${Number(role.connection_limit)}`);
  // The inventory's moment is without zone, in UTC.
  if (typeof role.valid_until === "string") words.push(`VALID UNTIL ${quoteText(validUntil(role.valid_until))}`);
  return [
    `CREATE ROLE ${[quoteName(name), ...words].join(" ")}`,
    ...(typeof role.comment === "string" ? [`COMMENT ON ROLE ${quoteName(name)} IS ${quoteText(role.comment)}`] : []),
  ];
}

/** LOGIN, SUPERUSER ... of a role. */
export function powersOf(role: State): string[] {
  return wordsOf(role, POWERS);
}

function wordsOf(role: State, words: readonly (readonly [string, string])[]): string[] {
  return words.filter(([field]) => role[field] === true).map(([, word]) => word);
}

function validUntil(moment: string): string {
  return /infinity/.test(moment) ? moment : `${moment}Z`;
}
