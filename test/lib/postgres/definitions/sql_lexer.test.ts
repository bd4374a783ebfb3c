import { expect, test } from "bun:test";
import { afterLine, CODE, type Within } from "../../../../lib/postgres/definitions/sql_lexer.ts";

const after = (...lines: string[]): string => {
  const within = lines.reduce<Within>((start, line) => afterLine(line, start), CODE);
  return within.in === "quote" ? within.mark : within.in === "dollar" ? within.tag : within.in;
};

const CASES: [string, string, string[]][] = [
  ["plain code", "code", ["CREATE TABLE t (", "  id int", ");"]],
  ["a string that is open at the line's end", "'", ["COMMENT ON TABLE t IS 'one"]],
  ["a string closed on a later line", "code", ["COMMENT ON TABLE t IS 'one", "-- two'", ";"]],
  ["a doubled quote within a string", "'", ["SELECT 'it''s", "still ''"]],
  ["a quote after an escaped one, in an E string", "'", ["SELECT E'it\\'s"]],
  ["a backslash in a plain string, which means nothing", "code", ["SELECT 'c:\\';"]],
  ["a word that ends in e before a string", "code", ["SELECT date'2020-01-01\\';"]],
  ["a dollar-quoted body with quotes and comments", "$body$", ["AS $body$", 'it\'s -- "so" /*', "$other$ $$"]],
  ["a body that has ended", "code", ["AS $_$ select '$' $_$;"]],
  ["a parameter and a name with dollars, which open nothing", "code", ["SELECT $1, a$b$, c$$d;"]],
  ["a quoted name with an apostrophe", "code", [`CREATE TABLE "it's" (id int);`]],
  ["a quoted name over two lines", '"', ['CREATE TABLE "two', 'lines""']],
  ["a comment to the line's end with a quote", "code", ["-- it's a comment"]],
  ["comments within comments", "comment", ["/* one /* two */", "it's */ '' /* "]],
];
for (const [what, where, lines] of CASES) {
  test(`afterLine() knows ${what}`, () => expect(after(...lines)).toBe(where));
}

test("afterLine() honours backslashes where plain strings know them", () => {
  expect(afterLine("SELECT 'it\\'s", CODE, true).in).toBe("quote");
  expect(afterLine("SELECT 'it\\'s'", CODE, true).in).toBe("code");
});
