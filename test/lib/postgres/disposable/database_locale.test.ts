import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  createDatabaseLike,
  type DatabaseLocale,
  readDatabaseLocale,
} from "../../../../lib/postgres/disposable/database_locale.ts";
import type { DisposableServer } from "../../../../lib/postgres/disposable/start_disposable.ts";
import type { Query, QueryParameter } from "../../../../lib/query.ts";
import { asked, disposable, folderForServers, removeFolderForServers } from "../../../support/disposable_server.ts";

const folder = folderForServers();
let server: DisposableServer;

beforeAll(async () => {
  server = await disposable(folder);
}, 60_000);
afterAll(async () => {
  await server.stop();
  await removeFolderForServers(folder);
});

const LIBC = { provider: "libc", locale: null, rules: null } as const;
const C: DatabaseLocale = { ...LIBC, encoding: "UTF8", collate: "C", ctype: "C", collationVersion: null };

function make(wanted: DatabaseLocale & { name: string }) {
  return asked(server.maintenance, (query) => createDatabaseLike(query, wanted));
}

for (const [name, locale] of [
  ["postgres", C],
  ["Ein \"Name\" mit 'Strichen'/%41", { ...C, collate: "C.UTF-8", ctype: "C.UTF-8" }],
  ["latin1", { ...C, encoding: "LATIN1" }],
  ["ascii", { ...C, encoding: "SQL_ASCII", ctype: "C.UTF-8" }],
  ["icu", { ...C, provider: "icu", locale: "de-AT-x-icu" }],
] as const) {
  test(`createDatabaseLike() makes ${name}, and readDatabaseLocale() reads what was asked for`, async () => {
    await make({ ...locale, name });
    const [found, current] = await asked(server.urlOf(name), async (query) => [
      await readDatabaseLocale(query),
      await query("select current_database() as name"),
    ]);
    expect(current).toEqual([{ name }]);
    const collationVersion = locale.provider === "icu" ? expect.any(String) : found?.collationVersion;
    expect(found).toEqual({ ...locale, collationVersion });
  });
}

test("createDatabaseLike() names a locale that the machine lacks, and how to get it", async () => {
  for (const missing of [{ collate: "xx_YY.UTF-8" }, { ctype: "xx_YY.UTF-8" }]) {
    await expect(make({ ...C, ...missing, name: "lacking" })).rejects.toMatchObject({
      message: "Could not make the database lacking like its source",
      hint: "locale-gen xx_YY.UTF-8",
    });
  }
});

test("createDatabaseLike() says in the server's words what else is wrong", async () => {
  await expect(make({ ...C, name: "template1" })).rejects.toMatchObject({
    observed: 'database "template1" already exists',
    hint: undefined,
  });
});

/** A server of another version, as far as its catalog and its number tell. */
function serverOf(major: number, row: object): { query: Query; sent: string[]; given: (readonly QueryParameter[])[] } {
  const [sent, given]: [string[], (readonly QueryParameter[])[]] = [[], []];
  const query = async (text: string, parameters: readonly QueryParameter[] = []) => {
    sent.push(text);
    given.push(parameters);
    return [{ major, found: JSON.stringify(row), statement: "made" }];
  };
  return { query: query as unknown as Query, sent, given };
}

test("readDatabaseLocale() knows the columns of PostgreSQL 14, 16 and 17", async () => {
  const common = { encoding: "UTF8", datcollate: "C", datctype: "C" };
  const read = (major: number, row: object) => readDatabaseLocale(serverOf(major, { ...common, ...row }).query);
  expect(await read(14, {})).toEqual(C);
  expect(
    await read(16, { datlocprovider: "i", daticulocale: "de", daticurules: "&a < b", datcollversion: "153.14" }),
  ).toEqual({ ...C, provider: "icu", locale: "de", rules: "&a < b", collationVersion: "153.14" });
  expect(await read(17, { datlocprovider: "b", datlocale: "C.UTF-8", daticurules: null, datcollversion: "1" })).toEqual(
    {
      ...C,
      provider: "builtin",
      locale: "C.UTF-8",
      collationVersion: "1",
    },
  );
});

test("createDatabaseLike() spells the provider for a server that knows it, and not for an older one", async () => {
  const old = serverOf(14, {});
  await createDatabaseLike(old.query, { ...C, name: "x" });
  expect(old.sent[1]).not.toContain("provider");
  const new_ = serverOf(17, {});
  await createDatabaseLike(new_.query, { ...C, provider: "builtin", locale: "C.UTF-8", name: "x" });
  expect(new_.sent[1]).toContain("locale_provider %5$L builtin_locale %6$L");
  expect(new_.given[1]).toEqual(["x", "UTF8", "C", "C", "builtin", "C.UTF-8"]);
});
