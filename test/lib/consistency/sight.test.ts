import { describe, expect, test } from "bun:test";
import { CHECKER_VERSION } from "../../../lib/consistency/checks.ts";
import { CHECKER } from "../../../lib/consistency/sight.ts";
import { newestVersion } from "../../../lib/db/migrate.ts";

describe("CHECKER", () => {
  test("names the checks' version and the schema's: a pass under another one of either counts no more", () => {
    expect(CHECKER).toBe(`checker-${CHECKER_VERSION}, schema-${newestVersion()}`);
    expect(newestVersion()).toBeGreaterThan(0);
  });
});
