// What makes a database like the source's, for whoever restores for real: one with another locale sorts otherwise, is failed when all
// its rows are there already, and cannot be changed any more. (pure)
import type { DatabaseLocale } from "../postgres/disposable/database_locale.ts";
import { shellQuoted } from "../shell_quoted.ts";

/** `createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 NEW_DATABASE`; its options are those of PostgreSQL 15 to 18. */
export function createdbCommand({ encoding, provider, collate, ctype, locale }: DatabaseLocale): string {
  const libc = collate === ctype ? [`--locale=${collate}`] : [`--lc-collate=${collate}`, `--lc-ctype=${ctype}`];
  const other =
    provider === "libc" ? [] : [`--locale-provider=${provider}`, `--${provider}-locale=${locale ?? collate}`];
  const options = ["--template=template0", `--encoding=${encoding}`, ...libc, ...other];
  return ["createdb", ...options.map(shellQuoted), "NEW_DATABASE"].join(" ");
}

/** What of the two is not the same, for people; null when all that a restored database keeps for good is. */
export function differingLocale(wanted: DatabaseLocale, found: DatabaseLocale): string | null {
  const names = ["encoding", "provider", "collate", "ctype", "locale"] as const;
  const differing = names.filter((name) => wanted[name] !== found[name]);
  if (differing.length === 0) return null;
  return differing.map((name) => `${name} ${found[name] ?? "none"}, wanted ${wanted[name] ?? "none"}`).join("; ");
}
