// ALTER ROLE / DATABASE ... SET, exactly as it was given. A list of names is stored with its quotes and must be spelled as
// a list again: as one string it would name one schema that does not exist.
import { quoteName, quoteText } from "./quote.ts";

/** A row of kind "setting" of an inventory. */
export interface Setting {
  readonly role?: string;
  readonly in_database?: boolean;
  readonly name: string;
  readonly value: string;
}

// GUC_LIST_QUOTE of PostgreSQL 13 to 18: src/bin/pg_dump/dumputils.c, variable_is_guc_list_quote().
const LISTS_OF_NAMES = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

// They refuse, end or divert the sessions of a restore.
const HINDERS_A_RESTORE =
  /^(?:default_transaction_\w+|\w*_timeout|\w+_preload_libraries|role|session_replication_role|default_tablespace|default_table_access_method|temp_tablespaces|row_security|event_triggers|max_\w+|temp_file_limit)$/i;

/** Such a setting is made when all is restored. */
export function hindersRestore({ name }: Pick<Setting, "name">): boolean {
  return HINDERS_A_RESTORE.test(name);
}

/** @param database that the copy has, whatever the source's name */
export function settingStatement({ role, in_database, name, value }: Setting, database: string): string {
  const whose =
    role === undefined && in_database
      ? `DATABASE ${quoteName(database)}`
      : `ROLE ${role === undefined ? "ALL" : quoteName(role)}${in_database ? ` IN DATABASE ${quoteName(database)}` : ""}`;
  return `ALTER ${whose} SET ${quoteName(name)} TO ${spelled(name, value)}`;
}

function spelled(name: string, value: string): string {
  if (!LISTS_OF_NAMES.has(name.toLowerCase())) return quoteText(value);
  const names = namesIn(value);
  return names.length === 0 ? "''" : names.map(quoteText).join(", ");
}

/** `"$user", public` as `$user` and `public`. */
function namesIn(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,"][^,"]*)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "").trim() : quoted.replaceAll('""', '"'),
  );
}
