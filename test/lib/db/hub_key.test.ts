// Which hub a waiting run belongs to: one key for every spelling of one database, another for any other.
import { describe, expect, test } from "bun:test";
import { hubKeyOf } from "../../../lib/db/hub_key.ts";
import { Secret } from "../../../lib/secret.ts";

const keyOf = (url: string) => hubKeyOf({ kind: "url", url: new Secret(url) });
const KEY = keyOf("postgres://hub@db.example:5432/state_hub");

describe("hubKeyOf()", () => {
  test.each([
    "postgres://hub:secret@db.example:5432/state_hub",
    "postgres://somebody:else@db.example/state_hub",
    "postgresql://DB.Example:5432/state_hub?sslmode=require",
  ])("gives %p the same key: user, password, spelling and options are no other hub", (url) => {
    expect(keyOf(url)).toBe(KEY);
  });

  test.each([
    "postgres://hub@db.example:5433/state_hub",
    "postgres://hub@other.example:5432/state_hub",
    "postgres://hub@db.example:5432/state_hub_copy",
    // Without a name it is the user's database.
    "postgres://hub@db.example:5432",
  ])("gives %p another key", (url) => {
    expect(keyOf(url)).not.toBe(KEY);
  });

  test("takes what the driver takes where the URL is silent", () => {
    expect(keyOf("postgres:///state_hub")).toBe(keyOf("postgres://localhost:5432/state_hub"));
    expect(keyOf("postgres://hub@localhost")).toBe(keyOf("postgres://hub@localhost/hub"));
  });

  test("is a folder's name that tells nothing of the URL", () => {
    expect(KEY).toMatch(/^[0-9a-f]{16}$/);
    expect(hubKeyOf({ kind: "embedded" })).toBe("embedded");
    expect(hubKeyOf({ kind: "unset" })).toBeNull();
  });
});
