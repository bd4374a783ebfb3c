// A copy must be made with the encoding and the locale of its source: with another one text sorts otherwise, an index
// on lower(name) holds other rows, and a restore of LATIN1 bytes fails half way.
import { z } from "zod";
import { OpsFailure } from "../../failure.ts";
import type { Query } from "../../query.ts";

/** How a database sorts and spells, for good. */
export interface DatabaseLocale {
  /** "UTF8", "LATIN1", "SQL_ASCII" */
  readonly encoding: string;
  readonly provider: "libc" | "icu" | "builtin";
  /** Of the C library; there with every provider. */
  readonly collate: string;
  readonly ctype: string;
  /** ICU's or the built-in provider's; null for libc. */
  readonly locale: string | null;
  /** ICU's rules beyond the locale (PostgreSQL 16). */
  readonly rules: string | null;
  /** As recorded when the source was made; null when its provider has none. */
  readonly collationVersion: string | null;
}

const PROVIDERS = { c: "libc", i: "icu", b: "builtin" } as const;

// Names of a column by version: daticulocale is of 15 and 16, datlocale of 17; before 15 there was libc alone.
const Row = z.object({
  encoding: z.string(),
  datcollate: z.string(),
  datctype: z.string(),
  datlocprovider: z.enum(["c", "i", "b"]).default("c"),
  daticulocale: z.string().nullish(),
  datlocale: z.string().nullish(),
  daticurules: z.string().nullish(),
  datcollversion: z.string().nullish(),
});

/** Of the database that is asked. */
export async function readDatabaseLocale(query: Query): Promise<DatabaseLocale> {
  // The row as JSON: a column that a version lacks is missing there, and no error.
  const [answer] = await query<{ found: string }>(
    `select (to_jsonb(d) || jsonb_build_object('encoding', pg_encoding_to_char(d.encoding)))::text as found
       from pg_catalog.pg_database d where d.datname = current_database()`,
  );
  const row = Row.parse(JSON.parse(answer?.found ?? "null"));
  return {
    encoding: row.encoding,
    provider: PROVIDERS[row.datlocprovider],
    collate: row.datcollate,
    ctype: row.datctype,
    locale: row.datlocale ?? row.daticulocale ?? null,
    rules: row.daticurules ?? null,
    collationVersion: row.datcollversion ?? null,
  };
}

/**
 * From template0, so that nothing of this server's own gets in. Not inside a transaction.
 * @throws OpsFailure naming the locale that this machine lacks
 */
export async function createDatabaseLike(
  query: Query,
  wanted: DatabaseLocale & { readonly name: string },
): Promise<void> {
  const [server] = await query<{ major: number }>("select current_setting('server_version_num')::int / 10000 as major");
  const clauses = [
    ...clause("encoding", wanted.encoding),
    ...clause("lc_collate", wanted.collate),
    ...clause("lc_ctype", wanted.ctype),
    ...providerClauses(wanted, server?.major ?? 0),
  ];
  const options = clauses.map(({ word }, index) => `${word} %${index + 2}$L`).join(" ");
  const values = [wanted.name, ...clauses.map(({ value }) => value)];
  // The server quotes: it knows how.
  const [made] = await query<{ statement: string }>(
    `select format('create database %1$I template template0 ${options}', ${values.map((_, i) => `$${i + 1}::text`)})
       as statement`,
    values,
  );
  try {
    await query(made?.statement ?? "");
  } catch (cause) {
    throw notMade(wanted, cause);
  }
}

type Clause = { readonly word: string; readonly value: string };

function clause(word: string, value: string | null): Clause[] {
  return value === null ? [] : [{ word, value }];
}

/** From 15 on a template may have another provider than the one wanted, so it is always said. */
function providerClauses({ provider, locale, rules }: DatabaseLocale, major: number): Clause[] {
  if (major < 15 && provider === "libc") return [];
  const said = clause("locale_provider", provider);
  if (provider === "libc") return said;
  return [
    ...said,
    ...clause(provider === "icu" ? "icu_locale" : "builtin_locale", locale),
    ...clause("icu_rules", rules),
  ];
}

function notMade(wanted: DatabaseLocale & { readonly name: string }, cause: unknown): OpsFailure {
  const said = cause instanceof Error ? cause.message : String(cause);
  // The name stands in the message in every language.
  const lacking = [wanted.collate, wanted.ctype].find((locale) => said.includes(`locale name: "${locale}"`));
  const { provider, locale } = wanted;
  const order = provider === "libc" ? `${wanted.collate}, ${wanted.ctype}` : `${provider} ${locale}, ${wanted.collate}`;
  return new OpsFailure(`Could not make the database ${wanted.name} like its source`, {
    observed: said,
    expected: `encoding ${wanted.encoding}, locale ${order}`,
    ...(lacking === undefined ? {} : { hint: `locale-gen ${lacking}` }),
    cause,
  });
}
