import { expect, test } from "bun:test";
import { quoteName, quoteText } from "../../../../lib/postgres/globals/quote.ts";
import { hindersRestore, settingStatement } from "../../../../lib/postgres/globals/setting_statement.ts";

const value = (name: string, text: string) => settingStatement({ role: "a", name, value: text }, "d").split(" TO ")[1];

test("settingStatement() spells a list of names as a list again, and everything else as one text", () => {
  expect(value("search_path", `"$user", public`)).toBe("'$user', 'public'");
  expect(value("search_path", `"Mixed ""Case""",a`)).toBe(`'Mixed "Case"', 'a'`);
  expect(value("search_path", `""`)).toBe("''");
  expect(value("search_path", "")).toBe("''");
  expect(value("DateStyle", "ISO, MDY")).toBe("'ISO, MDY'");
  expect(value("my.words", `it's \\ "fine"`)).toBe(`E'it''s \\\\ "fine"'`);
});

test("settingStatement() names the role, the copy's database, both, or all roles", () => {
  const statement = (whose: object) => settingStatement({ ...whose, name: "work_mem", value: "8MB" }, 'co"py');
  expect(statement({ in_database: true })).toBe(`ALTER DATABASE "co""py" SET "work_mem" TO '8MB'`);
  expect(statement({ role: "a" })).toBe(`ALTER ROLE "a" SET "work_mem" TO '8MB'`);
  expect(statement({ role: "a", in_database: true })).toBe(
    `ALTER ROLE "a" IN DATABASE "co""py" SET "work_mem" TO '8MB'`,
  );
  expect(statement({})).toBe(`ALTER ROLE ALL SET "work_mem" TO '8MB'`);
});

test("hindersRestore() knows what would refuse, end or divert a restore's sessions", () => {
  for (const name of ["default_transaction_read_only", "statement_timeout", "session_preload_libraries", "role"]) {
    expect(hindersRestore({ name })).toBe(true);
  }
  for (const name of ["search_path", "work_mem", "TimeZone", "my.timeout_of_app"])
    expect(hindersRestore({ name })).toBe(false);
});

test("quoteName() and quoteText() keep quotes and backslashes", () => {
  expect(quoteName('a"b')).toBe('"a""b"');
  expect(quoteText("a'b\\c")).toBe("E'a''b\\\\c'");
});
