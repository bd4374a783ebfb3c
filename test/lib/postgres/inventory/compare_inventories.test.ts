import { describe, expect, test } from "bun:test";
import { type CompareOptions, compareInventories } from "../../../../lib/postgres/inventory/compare_inventories.ts";
import type { Inventory, Listed } from "../../../../lib/postgres/inventory/inventory_types.ts";
import { sqlOf } from "../../../../lib/postgres/inventory/sql_of.ts";

const OURS: CompareOptions = { cluster: "ours" };

function inventory(kinds: Record<string, Listed>, major = 15): Inventory {
  return { version: `${major}.1`, major, database: "d", bootstrap: "postgres", kinds };
}

/** Two inventories of one kind each. */
function compare(kind: string, expected: Listed, actual: Listed, options = OURS, majors = [15, 15]) {
  return compareInventories(
    inventory({ [kind]: expected }, majors[0]),
    inventory({ [kind]: actual }, majors[1]),
    options,
  );
}

describe("compareInventories()", () => {
  test("says which kinds one side does not list, but for those that its server does not have", () => {
    const one = inventory({ relation: {} });
    const told = compareInventories(one, inventory({ relation: {}, policy: {}, "parameter privilege": {} }), OURS);
    expect(told.notCompared).toMatchObject([
      { what: "every policy", may_pass: false },
      { what: "every parameter privilege", may_pass: false },
    ]);
    const older = inventory({ relation: {} }, 14);
    expect(compareInventories(older, inventory({ relation: {}, "parameter privilege": {} }), OURS).notCompared).toEqual(
      [],
    );
  });

  test("remarks on another version of a collation, and still sees another locale", () => {
    const [here, there] = [
      { provider: "i", collate: "de", version: "1", provided: "1" },
      { provider: "i", collate: "de", version: "2", provided: "2" },
    ];
    const bound = compare("collation", { "public.german": here }, { "public.german": there });
    expect(bound).toMatchObject({
      differences: [],
      remarks: ["Collation public.german has another version on the target's host"],
    });
    expect(
      compare("collation", { "public.german": here }, { "public.german": { ...there, collate: "sv" } }).differences,
    ).toEqual([{ kind: "collation", object: "public.german", expected: "collate: de", actual: "collate: sv" }]);
    const database = { owner: "a", collation_version: "2.36" };
    expect(
      compare("database", { database }, { database: { owner: "a", collation_version: "2.39" } }).differences,
    ).toEqual([]);
  });

  test("remarks on what no dump carries: an invalid index, a foreign key's trigger that is off", () => {
    const index = { table: "t", invalid: true };
    expect(compare("index", { "public.i": index }, {})).toMatchObject({
      differences: [],
      remarks: [expect.stringContaining("REINDEX")],
    });
    expect(compare("index", { "public.i": { table: "t" } }, { "public.i": index }).differences).toHaveLength(1);
    const off = { "fk RI_FKey_check_ins on public.t": { fires: "never", internal: true } };
    expect(compare("trigger", off, {})).toMatchObject({
      differences: [],
      remarks: [expect.stringContaining("switches it on")],
    });
    expect(compare("trigger", {}, off).differences).toMatchObject([
      { expected: "fires as usual", actual: "fires: never; internal: true" },
    ]);
  });

  test("remarks on a subscription that a restore left disabled, and sees one that it enabled", () => {
    const [awake, asleep] = [{ s: { owner: "a", enabled: true } }, { s: { owner: "a", enabled: false } }];
    expect(compare("subscription", awake, asleep)).toMatchObject({
      differences: [],
      remarks: ["Subscription s is restored disabled"],
    });
    expect(compare("subscription", asleep, awake).differences).toHaveLength(1);
    expect(compare("subscription", awake, { s: { owner: "b", enabled: false } }).differences).toHaveLength(1);
  });

  test("takes MAINTAIN for part of all privileges between a server before 17 and a later one, and for itself otherwise", () => {
    const [before, after] = [
      { privileges: ["a: DELETE, INSERT, REFERENCES"] },
      { privileges: ["a: DELETE, INSERT, MAINTAIN, REFERENCES"] },
    ];
    const t = (state: object) => ({ "relation public.t": { ...state } });
    expect(compare("privileges", t(before), t(after), OURS, [15, 17]).differences).toEqual([]);
    expect(compare("privileges", t(before), t(after), OURS, [17, 17]).differences).toHaveLength(1);
    expect(compare("privileges", t(before), t({ privileges: ["a: DELETE"] }), OURS, [15, 17]).differences).toHaveLength(
      1,
    );
  });

  test("compares who inherits by a membership only where both servers keep it, and never who granted it", () => {
    const [old, recent] = [
      { member: "a", role: "b" },
      { member: "a", role: "b", inherit: false, set: true },
    ];
    const across = compare("membership", { "a in b": old }, { "a in b": recent }, OURS, [15, 16]);
    expect(across.differences).toEqual([]);
    expect(across.remarks).toContain("Who granted a membership is not compared");
    const both = compare(
      "membership",
      { "a in b": { ...recent, inherit: true } },
      { "a in b": recent },
      OURS,
      [16, 17],
    );
    expect(both.differences).toHaveLength(1);
  });

  test("sees a role's lost attribute in a server of our own, and leaves a given server's own roles to their operator", () => {
    const [expected, actual] = [{ a: { login: true, create_role: true } }, { a: { create_role: true } }];
    expect(compare("role", expected, actual).differences).toHaveLength(1);
    const made = compare("role", expected, actual, { cluster: "given" });
    expect(made).toMatchObject({ differences: [], remarks: [expect.stringContaining("Role a was made without")] });
    expect(compare("role", expected, { a: {} }, { cluster: "given" }).differences).toHaveLength(1);
    const theirs = compare("role", expected, { a: {} }, { cluster: "given", existingRoles: ["a"] });
    expect(theirs).toMatchObject({
      differences: [],
      notCompared: [{ what: "Role a was there before", may_pass: true }],
    });
  });

  test("does not expect the source's operator among the roles that a given server had before", () => {
    const theirs = compare("role", {}, { admin: { superuser: true } }, { cluster: "given", existingRoles: ["admin"] });
    expect(theirs).toEqual({ differences: [], notCompared: [], remarks: [] });
    expect(compare("role", {}, { admin: { superuser: true } }, { cluster: "given" }).differences).toHaveLength(1);
  });

  test("remarks on the role that made the server, whose attributes are its server's", () => {
    const made = compare("role", { postgres: { superuser: true } }, { postgres: { superuser: true, login: true } });
    expect(made).toMatchObject({ differences: [], remarks: ["Role postgres is as initdb makes it"] });
  });

  test("hides the value of a setting whose name says that it is secret", () => {
    const setting = (value: string) => ({
      "my.api_key of the database": { in_database: true, name: "my.api_key", value },
    });
    const { differences } = compare("setting", setting("one"), setting("two"));
    expect(differences).toMatchObject([{ kind: "setting", object: "my.api_key of the database" }]);
    expect(JSON.stringify(differences)).not.toMatch(/one|two/);
  });

  test("finds an object by its own name, also one that every JavaScript object answers to", () => {
    expect(compare("schema", {}, { constructor: { owner: "a" } } as unknown as Listed).differences).toEqual([
      { kind: "schema", object: "constructor", expected: "missing", actual: "owner: a" },
    ]);
  });

  test("passes over a kind that one of the servers does not have", () => {
    const newer = inventory({ "parameter privilege": { "SET on x for a": {} } }, 15);
    expect(compareInventories(inventory({}, 14), newer, OURS).differences).toEqual([]);
  });
});

test("sqlOf() leaves out what an older server does not know", () => {
  expect(sqlOf("column", 13)).not.toContain("attcompression");
  expect(sqlOf("column", 14)).toContain("attcompression");
});
