// What makes a database like the source's, for whoever restores for real: one with another locale sorts otherwise, is failed when all
// its rows are there already, and cannot be changed any more. (pure)
import type { DatabaseLocale } from "../../postgres/disposable/database_locale.ts";
import { printableUrl, type Secret } from "../../secret.ts";
import { shellQuoted } from "../../shell_quoted.ts";

/** `createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 NEW_DATABASE`; its options are those of PostgreSQL 15 to 18. */
export function createdbCommand(locale: DatabaseLocale): string {
  return ["createdb", ...optionsOf(locale), "NEW_DATABASE"].join(" ");
}

interface Anew {
  readonly url: Secret;
  readonly database: string;
  readonly locale: DatabaseLocale;
}

/** Drops a database that was named and makes it again, empty. The programs ask for the password, or find it in ~/.pgpass. */
export function anewCommands({ url, database, locale }: Anew): string {
  const maintenance = new URL(printableUrl(url.reveal()));
  maintenance.pathname = database === "postgres" ? "/template1" : "/postgres";
  const where = shellQuoted(`--maintenance-db=${maintenance}`);
  const name = shellQuoted(database);
  return `dropdb ${where} ${name} && createdb ${where} ${optionsOf(locale).join(" ")} ${name}`;
}

function optionsOf({ encoding, provider, collate, ctype, locale }: DatabaseLocale): string[] {
  const libc = collate === ctype ? [`--locale=${collate}`] : [`--lc-collate=${collate}`, `--lc-ctype=${ctype}`];
  const other =
    provider === "libc" ? [] : [`--locale-provider=${provider}`, `--${provider}-locale=${locale ?? collate}`];
  return ["--template=template0", `--encoding=${encoding}`, ...libc, ...other].map(shellQuoted);
}

/** What of the two is not the same, for people; null when all that a restored database keeps for good is. */
export function differingLocale(wanted: DatabaseLocale, found: DatabaseLocale): string | null {
  const names = ["encoding", "provider", "collate", "ctype", "locale"] as const;
  const differing = names.filter((name) => wanted[name] !== found[name]);
  if (differing.length === 0) return null;
  return differing.map((name) => `${name} ${found[name] ?? "none"}, wanted ${wanted[name] ?? "none"}`).join("; ");
}
