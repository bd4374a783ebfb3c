// The database's name in a URL as the server has it.
import { expect, test } from "bun:test";
import { databaseNamedBy } from "../../../lib/db/database_named_by.ts";

test("decodes the name, and says nothing where there is none", () => {
  expect(databaseNamedBy("postgres://me:pa%2Fss@host:5432/we%20ird?sslmode=require")).toEqual({ database: "we ird" });
  expect(databaseNamedBy("postgres://me@one:5432,two:5433/h%C3%A4fen")).toEqual({ database: "häfen" });
  expect(databaseNamedBy("postgres://me@host?application_name=a/b")).toEqual({});
  expect(databaseNamedBy("postgres://me@host/")).toEqual({});
});

test("leaves what is not encoded to the driver", () => {
  expect(databaseNamedBy("postgres://me@host/100%")).toEqual({});
});
