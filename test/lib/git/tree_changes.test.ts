// Modes, ids and letters of raw lines, and paths with anything in them but NUL.
import { describe, expect, test } from "bun:test";
import { parseTreeChanges } from "../../../lib/git/tree_changes.ts";

const [ONE, TWO, NONE] = ["1".repeat(40), "2".repeat(40), "0".repeat(40)];

describe("parseTreeChanges()", () => {
  test("parseTreeChanges() reads each path with what stands there then", () => {
    const lines = [`:100644 100755 ${ONE} ${TWO} M`, "a b", `:120000 000000 ${ONE} ${NONE} D`, ':1 2\n"ü', ""];
    expect(parseTreeChanges(lines.join("\0"))).toEqual([
      { path: "a b", status: "M", oldMode: "100644", newMode: "100755", newId: TWO },
      { path: ':1 2\n"ü', status: "D", oldMode: "120000", newMode: "000000", newId: NONE },
    ]);
  });

  test("parseTreeChanges() gives none where nothing differs", () => {
    expect(parseTreeChanges("")).toEqual([]);
  });
});
