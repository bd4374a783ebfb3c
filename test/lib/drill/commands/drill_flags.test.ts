// What flags ask for together: every pair that makes no sense is refused, by name, before anything is read.
import { describe, expect, test } from "bun:test";
import {
  askedDrill,
  askedPrune,
  type DrillFlags,
  type PruneFlags,
} from "../../../../lib/drill/commands/drill_flags.ts";

describe("askedDrill()", () => {
  test("takes a store to put into, or one to read from, and splits recipients", () => {
    expect(askedDrill({ store: "/a", encrypt: "age1x, keys.txt,", identity: "key.txt" })).toEqual({
      ...{ store: "/a", at: null, database: null, recipients: ["age1x", "keys.txt"], identity: "key.txt" },
    });
    expect(askedDrill({ "from-store": "/b", at: "2026-11-21T07:00:00+01:00", database: "hub" })).toMatchObject({
      ...{ store: "/b", at: new Date("2026-11-21T06:00:00Z"), database: "hub", recipients: [], identity: null },
    });
  });

  const REFUSED: readonly (readonly [string, DrillFlags])[] = [
    ["--from-store beside --store", { "from-store": "/b", store: "/a" }],
    ["--from-store beside --encrypt", { "from-store": "/b", encrypt: "age1x", identity: "key.txt" }],
    ["--at without --from-store", { at: "2026-11-21T06:00:00Z" }],
    ["--database without --from-store", { database: "hub" }],
    ["--encrypt without --identity", { encrypt: "age1x" }],
    ["--at without a zone", { "from-store": "/b", at: "2026-11-21T06:00:00" }],
    ["--at that is no moment", { "from-store": "/b", at: "2026-11-31T25:00:00Z" }],
  ];
  test.each(REFUSED)("refuses %s", (says, flags) => {
    expect(() => askedDrill(flags)).toThrow(`Could not use ${says.split(" ")[0]}`);
  });
});

describe("askedPrune()", () => {
  test("takes what is to be kept for a plan, and a plan alone to apply it", () => {
    expect(askedPrune({ "keep-last": 7 })).toEqual({ keep: { last: 7, days: null }, plan: null, apply: null });
    expect(askedPrune({ apply: "p.json" })).toEqual({ keep: { last: null, days: null }, plan: null, apply: "p.json" });
  });

  const REFUSED: readonly (readonly [string, PruneFlags])[] = [
    ["prune", {}],
    ["--plan", { plan: "p.json", apply: "p.json" }],
    ["--apply", { apply: "p.json", "keep-days": 3 }],
  ];
  test.each(REFUSED)("refuses %s alone or beside another", (flag, flags) => {
    expect(() => askedPrune(flags)).toThrow(`Could not use ${flag}`);
  });
});
