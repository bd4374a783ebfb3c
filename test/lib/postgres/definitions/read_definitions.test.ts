import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareDefinitions } from "../../../../lib/postgres/definitions/compare_definitions.ts";
import { withDifferingLines } from "../../../../lib/postgres/definitions/differing_lines.ts";
import { readDefinitions } from "../../../../lib/postgres/definitions/read_definitions.ts";

const folder = mkdtempSync(join(tmpdir(), "state-hub-definitions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PREAMBLE =
  "--\n-- PostgreSQL database dump\n--\n\n\\restrict RANDOM\n\n-- Dumped from database version 15.1\n\nSET statement_timeout = 0;\n\n";
const END = "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict RANDOM\n\n";

function object(name: string, type: string, text: string, owner = "me", schema = "public"): string {
  return `--\n-- Name: ${name}; Type: ${type}; Schema: ${schema}; Owner: ${owner}\n--\n\n${text}\n\n\n`;
}

let files = 0;
async function dumpFile(...objects: string[]): Promise<string> {
  const file = join(folder, `${files++}.sql`);
  await Bun.write(file, PREAMBLE + objects.join("") + END);
  return file;
}

const read = async (...objects: string[]) => readDefinitions(await dumpFile(...objects));
const TABLE = object("t", "TABLE", "CREATE TABLE public.t (\n    id integer\n);");
const BODY = (text: string) =>
  object("f()", "FUNCTION", `CREATE FUNCTION public.f() RETURNS text\n    LANGUAGE sql\n    AS $$\n${text}\n$$;`);

test("readDefinitions() gives one digest an object, by type, schema and name", async () => {
  const definitions = await read(TABLE, object("public", "SCHEMA", "CREATE SCHEMA public;", "me", "-"));
  expect([...definitions.keys()]).toEqual(["TABLE: public.t", "SCHEMA: public"]);
  expect(definitions.get("TABLE: public.t")).toMatch(/^[0-9a-f]{64}$/);
});

test("readDefinitions() passes over what changes from run to run, and the order of objects", async () => {
  const other = object("u", "TABLE", "CREATE TABLE public.u ();");
  const file = join(folder, "other.sql");
  const text = [PREAMBLE.replace("15.1", "15.2"), other, "SET default_tablespace = '';\n\n", TABLE, END].join("");
  await Bun.write(file, text.replaceAll("RANDOM", "OTHER"));
  expect(Object.fromEntries(await readDefinitions(file))).toEqual(Object.fromEntries(await read(TABLE, other)));
});

test("readDefinitions() sees another owner, also of an object without ALTER ... OWNER", async () => {
  const [mine, yours] = [await read(TABLE), await read(TABLE.replace("Owner: me", "Owner: you"))];
  expect(mine.get("TABLE: public.t")).not.toBe(yours.get("TABLE: public.t"));
});

test("readDefinitions() takes lines within a body for the body's, however much they look like the dump's own", async () => {
  const lines = [
    "",
    "--",
    "-- Name: x; Type: TABLE; Schema: public; Owner: me",
    "--",
    "",
    "SET default_tablespace = '';",
    "-- said",
  ];
  const [whole] = [await read(BODY(lines.join("\n")))];
  expect([...whole.keys()]).toEqual(["FUNCTION: public.f()"]);
  for (let index = 0; index < lines.length; index++) {
    const without = await read(BODY(lines.toSpliced(index, 1).join("\n")));
    expect(without.get("FUNCTION: public.f()")).not.toBe(whole.get("FUNCTION: public.f()"));
  }
});

test("readDefinitions() keeps objects of one name apart, in whichever order they come", async () => {
  const [one, two] = [object("o", "OPERATOR", "CREATE OPERATOR 1;"), object("o", "OPERATOR", "CREATE OPERATOR 2;")];
  const both = await read(one, two);
  expect(both.get("OPERATOR: public.o")).toContain("+");
  expect(await read(two, one)).toEqual(both as never);
  expect((await read(one, one)).get("OPERATOR: public.o")).not.toBe(both.get("OPERATOR: public.o"));
});

test("readDefinitions() reads privileges as a set", async () => {
  const grants = ["GRANT SELECT ON TABLE public.t TO a;", "GRANT SELECT ON TABLE public.t TO b;"];
  const acl = (lines: string[]) => object("TABLE t", "ACL", lines.join("\n"));
  expect(await read(acl(grants))).toEqual((await read(acl(grants.toReversed()))) as never);
  expect(await read(acl(grants))).not.toEqual((await read(acl(grants.slice(1)))) as never);
});

test("readDefinitions() leaves rows, sequence values and large objects to those who look at them", async () => {
  const definitions = await read(
    TABLE,
    object("t", "MATERIALIZED VIEW DATA", "REFRESH MATERIALIZED VIEW public.t;"),
    object("900001", "BLOB", "SELECT pg_catalog.lo_create('900001');", "me", "-"),
    object("LARGE OBJECT 900001", "ACL", "GRANT SELECT ON LARGE OBJECT 900001 TO a;", "me", "-"),
  );
  expect([...definitions.keys()]).toEqual(["TABLE: public.t"]);
});

test("readDefinitions() gives names back as they are, in UTF-8", async () => {
  expect([...(await read(object("größe", "TABLE", "CREATE TABLE"))).keys()]).toEqual(["TABLE: public.größe"]);
});

test("readDefinitions() refuses what is not a whole dump", async () => {
  const file = join(folder, "cut.sql");
  for (const text of ["", PREAMBLE + TABLE, PREAMBLE + BODY("text").slice(0, -10) + END]) {
    await Bun.write(file, text);
    await expect(readDefinitions(file)).rejects.toThrow("not a whole dump");
  }
});

test("compareDefinitions() asks for settled texts only when something differs, and never excuses what is missing", async () => {
  const asked: string[] = [];
  const settle = (definitions: Record<string, string>) => async () => {
    asked.push("settle");
    return new Map(Object.entries(definitions));
  };
  const expected = new Map(Object.entries({ "TABLE: s.a": "1", "VIEW: s.b": "2", "VIEW: s.c": "3" }));
  expect(await compareDefinitions(expected, expected, settle({}))).toEqual([]);
  expect(asked).toEqual([]);

  const actual = new Map(Object.entries({ "TABLE: s.a": "1", "VIEW: s.b": "two", "VIEW: s.d": "4" }));
  const found = await compareDefinitions(
    expected,
    actual,
    settle({ "TABLE: s.a": "1", "VIEW: s.b": "two", "VIEW: s.d": "4" }),
  );
  expect(asked).toEqual(["settle"]);
  expect(found).toEqual([
    { kind: "view", object: "s.c", expected: "definition 3", actual: "missing" },
    { kind: "view", object: "s.d", expected: "missing", actual: "definition 4" },
  ]);
  const [damaged] = await compareDefinitions(
    expected,
    new Map([...expected, ["VIEW: s.b", "x"]]),
    settle({ "VIEW: s.b": "two" }),
  );
  expect(damaged).toMatchObject({ kind: "view", object: "s.b" });
});

test("withDifferingLines() shows the line that differs, and never one of an object that may hold a secret", async () => {
  const mapping = (password: string) =>
    object(
      "USER MAPPING me SERVER s",
      "USER MAPPING",
      `CREATE USER MAPPING OPTIONS (password '${password}');`,
      "me",
      "-",
    );
  const [expected, actual] = [
    await dumpFile(TABLE, mapping("one")),
    await dumpFile(TABLE.replace("integer", "bigint"), mapping("two")),
  ];
  const differences = await compareDefinitions(
    await readDefinitions(expected),
    await readDefinitions(actual),
    async () => new Map(),
  );
  const shown = await withDifferingLines(differences, { expected, actual });
  expect(shown[0]).toEqual({ kind: "table", object: "public.t", expected: "id integer", actual: "id bigint" });
  expect(shown[1]).toMatchObject({
    kind: "user mapping",
    actual: expect.stringMatching(/^definition [0-9a-f]{12}, not the same from line 2 on$/),
  });
  expect(JSON.stringify(shown)).not.toMatch(/one|two/);
});
