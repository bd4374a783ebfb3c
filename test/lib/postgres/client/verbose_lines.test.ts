// Lines as pg_dump and pg_restore 15 print them, alone and with two workers' words in one.
import { describe, expect, test } from "bun:test";
import { readVerboseLine } from "../../../../lib/postgres/client/verbose_lines.ts";

describe("readVerboseLine()", () => {
  test("tells the table, the object and the catalog that is at work", () => {
    expect(readVerboseLine('pg_dump: dumping contents of table "My Schema.a"b"')).toEqual({ at: 'My Schema.a"b' });
    expect(readVerboseLine("pg_dump: reading user-defined tables")).toEqual({ at: "reading user-defined tables" });
    expect(readVerboseLine('pg_restore: processing data for table "odd.t"')).toEqual({ at: "odd.t" });
    expect(readVerboseLine('pg_restore: creating FK CONSTRAINT "odd.t to_b"')).toEqual({
      at: "fk constraint odd.t to_b",
    });
    expect(readVerboseLine("pg_restore: launching item 3384 INDEX even_n")).toEqual({ at: "index even_n" });
    expect(readVerboseLine("pg_restore: launching item 3384 TABLE DATA t")).toEqual({ at: "t" });
  });

  test("counts an entry that is finished, also where a worker wrote into the line", () => {
    expect(readVerboseLine("pg_restore: finished item 3384 TABLE DATA t")).toEqual({ finished: 3384 });
    const merged = 'pg_restore: pg_restore: processing data for table "odd.t"finished item 3384 TABLE DATA t';
    expect(readVerboseLine(merged)).toEqual({ finished: 3384 });
    expect(readVerboseLine("pg_restore: finished item 3384 INDEX t")).toEqual({});
  });

  test("takes the last of two tables in a line, and nothing from other lines", () => {
    const merged = 'pg_dump: pg_dump: dumping contents of table "odd.a"dumping contents of table "odd.b"';
    expect(readVerboseLine(merged)).toEqual({ at: "odd.b" });
    expect(readVerboseLine("pg_dump: saving encoding = UTF8")).toEqual({});
    expect(readVerboseLine("")).toEqual({});
  });
});
