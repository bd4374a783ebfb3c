import { describe, expect, test } from "bun:test";
import { databaseFailure, errorCode } from "../../../lib/db/database_failure.ts";
import { describeFailure, OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";

const URL_WITH_PASSWORD = "postgres://hub:open-sesame@db.example:5433/state_hub";

function thrown(message: string, code?: unknown): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

describe("databaseFailure()", () => {
  const cases: readonly { code: string; hint: string }[] = [
    { code: "ECONNREFUSED", hint: "start it" },
    { code: "CONNECT_TIMEOUT", hint: "does not answer in time" },
    { code: "ECONNRESET", hint: "look at its log" },
    { code: "CONNECTION_CLOSED", hint: "run again" },
    { code: "28P01", hint: "password" },
    { code: "3D000", hint: "createdb" },
    { code: "25006", hint: "primary" },
    { code: "53100", hint: "disk is full" },
    { code: "53300", hint: "max_connections" },
    { code: "57P01", hint: "run again" },
    { code: "57P03", hint: "in a moment" },
    { code: "55P03", hint: "pg_blocking_pids" },
    { code: "57014", hint: "nothing was half done" },
    { code: "42501", hint: "grant" },
  ];
  for (const { code, hint } of cases) {
    test(`says what to do about ${code}`, () => {
      const failure = databaseFailure("Could not do it", thrown("it broke", code));
      expect(failure).toMatchObject({ kind: "automation", message: "Could not do it", observed: `it broke [${code}]` });
      expect(failure.hint).toContain(hint);
    });
  }

  test("gives no hint for what it does not know, rather than a wrong one", () => {
    const failure = databaseFailure("Could not do it", thrown("it broke", "XX000"));
    expect(failure).toMatchObject({ observed: "it broke [XX000]", hint: undefined });
    expect(databaseFailure("Could not do it", thrown("it broke")).observed).toBe("it broke");
  });

  test("names the server without its password, also where the driver's message holds the URL", () => {
    const failure = databaseFailure("Could not", thrown(`no ${URL_WITH_PASSWORD}`), new Secret(URL_WITH_PASSWORD));
    expect(failure.where).toBe("postgres://hub@db.example:5433/state_hub");
    expect(describeFailure(failure)).not.toContain("open-sesame");
  });

  test("hands an OpsFailure on as it is: it knows more than we do", () => {
    const known = new OpsFailure("Could not do something else", { hint: "do this" });
    expect(databaseFailure("Could not do it", known)).toBe(known);
  });

  test("is never silent, whatever was thrown", () => {
    for (const odd of [undefined, null, "", new Error("")]) {
      expect(databaseFailure("Could not do it", odd).observed).toBe("no answer");
    }
    expect(databaseFailure("Could not do it", "a string").observed).toBe("a string");
  });
});

describe("errorCode()", () => {
  test("is the code where there is one, and else empty", () => {
    expect(errorCode(thrown("x", "23505"))).toBe("23505");
    for (const none of [thrown("x"), thrown("x", 5), null, undefined, "23505"]) expect(errorCode(none)).toBe("");
  });
});
