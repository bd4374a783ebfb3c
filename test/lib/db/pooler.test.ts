import { describe, expect, test } from "bun:test";
import { openDatabase } from "../../../lib/db/connect.ts";
import { refusedByPooler } from "../../../lib/db/pooler.ts";
import { Secret } from "../../../lib/secret.ts";
import { startPgbouncer } from "../../support/pgbouncer.ts";
import { freshDatabase } from "../../support/postgres_server.ts";

const URL_WITH_PASSWORD = new Secret("postgres://hub:open-sesame@pool.example:6432/state_hub");

describe("refusedByPooler()", () => {
  test("says what openDatabase() met when a pooler refuses its settings", async () => {
    const fresh = await freshDatabase();
    const pooler = await startPgbouncer(fresh.url, { mode: "transaction" });
    const opening = openDatabase({ url: new Secret(pooler.url), applicationName: "a test", access: "read-only" });
    const failure = await opening.catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: "automation",
      observed: expect.stringMatching(/^a pooler: unsupported startup parameter/),
      hint: expect.stringContaining("Point DATABASE_URL at the server's own host and port"),
    });
    await pooler.stop();
    await fresh.drop();
  });

  test("is silent about every other error, and never prints a password", () => {
    const refusal = Object.assign(new Error("unsupported startup parameter: lock_timeout"), { code: "08P01" });
    expect(refusedByPooler(refusal, URL_WITH_PASSWORD)?.where).toBe("postgres://hub@pool.example:6432/state_hub");
    const others = [
      Object.assign(new Error("unsupported startup parameter"), { code: "XX000" }),
      Object.assign(new Error("invalid message"), { code: "08P01" }),
      new Error("unsupported startup parameter"),
      undefined,
    ];
    for (const other of others) expect(refusedByPooler(other, URL_WITH_PASSWORD)).toBeNull();
  });
});
