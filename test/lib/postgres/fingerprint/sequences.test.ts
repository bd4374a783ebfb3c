import { describe, expect, test } from "bun:test";
import { compareSequences } from "../../../../lib/postgres/fingerprint/compare_objects.ts";
import type { SequenceState } from "../../../../lib/postgres/fingerprint/fingerprint_types.ts";
import { readSequences } from "../../../../lib/postgres/fingerprint/sequences.ts";
import { sequencesBetween } from "../../../../lib/postgres/fingerprint/sequences_between.ts";
import { execute, filled, printed, snapshotOf } from "./printed.ts";

const BASE: SequenceState = {
  name: "public.s",
  lastValue: "10",
  isCalled: true,
  increment: "1",
  minimum: "1",
  maximum: "9223372036854775807",
  start: "1",
  cache: "1",
  cycle: false,
  type: "bigint",
  ownedBy: null,
};
const at = (lastValue: string, more: Partial<SequenceState> = {}): SequenceState => ({ ...BASE, lastValue, ...more });

describe("readSequences()", () => {
  test("reads the whole state of all, owned or not, also at the ends of 64 bits and of many", async () => {
    const db = await filled(
      "create table t (id bigint generated always as identity, n serial)",
      "create sequence alone",
      `create sequence "Odd" as bigint increment -7 minvalue -9223372036854775808 maxvalue 9223372036854775807 start 9223372036854775807 cache 5 cycle`,
      `select setval('"Odd"', -9223372036854775807, false)`,
      "insert into t default values",
      "do $$ begin for i in 1..200 loop execute format('create sequence many_%s start %s', i, i); end loop; end $$",
    );
    const { sequences } = await printed(db.url);
    expect(sequences).toHaveLength(204);
    expect(sequences[0]).toEqual({
      name: `public."Odd"`,
      lastValue: "-9223372036854775807",
      isCalled: false,
      increment: "-7",
      minimum: "-9223372036854775808",
      maximum: "9223372036854775807",
      start: "9223372036854775807",
      cache: "5",
      cycle: true,
      type: "bigint",
      ownedBy: null,
    });
    const named = (name: string) => sequences.find((one) => one.name === name);
    expect(named("public.t_id_seq")).toMatchObject({ lastValue: "1", isCalled: true, ownedBy: "public.t.id" });
    expect(named("public.t_n_seq")).toMatchObject({ type: "integer", ownedBy: "public.t.n" });
    expect(named("public.many_171")).toMatchObject({ lastValue: "171", isCalled: false, ownedBy: null });
    await db.drop();
  });

  test("reads what is so now, whatever the snapshot shows, and leaves no lock behind", async () => {
    const db = await filled("create sequence s");
    const snapshot = await snapshotOf(db.url);
    await execute(db.url, "select nextval('s'), nextval('s')");
    expect((await readSequences(snapshot.holder))[0]).toMatchObject({ lastValue: "2", isCalled: true });
    const own =
      "select relation::regclass::text as name from pg_locks where pid = pg_backend_pid() and relation = 'public.s'::regclass";
    expect(await snapshot.holder(own)).toEqual([]);
    await snapshot.close();
    await db.drop();
  });
});

describe("compareSequences()", () => {
  test("finds one that is one off, not called, of another increment or owner, missing, or too many", () => {
    const others: Partial<SequenceState>[] = [
      { lastValue: "11" },
      { isCalled: false },
      { increment: "2" },
      { ownedBy: "public.t.id" },
      { cycle: true },
    ];
    for (const other of others) {
      const [part, value] = Object.entries(other)[0] ?? [];
      const before = BASE[part as keyof SequenceState];
      expect(compareSequences([BASE], [{ ...BASE, ...other }])).toEqual([
        { kind: "sequence", object: "public.s", expected: `${part} ${before}`, actual: `${part} ${value}` },
      ]);
    }
    expect(compareSequences([BASE], [])).toMatchObject([{ expected: "one", actual: "none" }]);
    expect(compareSequences([], [BASE])).toMatchObject([{ expected: "none", actual: "one" }]);
    expect(compareSequences([BASE], [{ ...BASE }])).toEqual([]);
  });
});

describe("sequencesBetween()", () => {
  const down = { increment: "-1" };
  const CASES: readonly (readonly [string, SequenceState, SequenceState, SequenceState, boolean])[] = [
    ["the same all along", at("10"), at("10"), at("10"), true],
    ["drawn from meanwhile", at("10"), at("12"), at("15"), true],
    ["behind what was read before", at("10"), at("9"), at("15"), false],
    ["ahead of what was read after", at("10"), at("16"), at("15"), false],
    ["called for the first time meanwhile", at("1", { isCalled: false }), at("1"), at("1"), true],
    ["not called although it was before", at("1"), at("1", { isCalled: false }), at("1"), false],
    ["counting down", at("-10", down), at("-12", down), at("-15", down), true],
    ["counting down, ahead", at("-10", down), at("-16", down), at("-15", down), false],
    ["set back meanwhile, dumped before", at("100"), at("120"), at("5"), true],
    ["set back meanwhile, dumped after", at("100"), at("3"), at("5"), true],
    ["set back meanwhile, and in neither stretch", at("100"), at("50"), at("5"), false],
    ["beyond what a double holds", at("9007199254740993"), at("9007199254740992"), at("9007199254740993"), false],
  ];
  for (const [what, before, dumped, after, right] of CASES) {
    test(`${right ? "accepts" : "refuses"} a dumped value that is ${what}`, () => {
      expect(sequencesBetween([before], [dumped], [after]).length === 0).toBe(right);
    });
  }

  test("names what it saw", () => {
    expect(sequencesBetween([at("10")], [at("9", { isCalled: false })], [at("15")])).toEqual([
      { kind: "sequence", object: "public.s", expected: "from 10 to 15", actual: "9, not called yet" },
    ]);
    expect(sequencesBetween([at("10")], [], [at("15")])).toMatchObject([{ expected: "10", actual: "none" }]);
    expect(sequencesBetween([], [at("10")], [])).toMatchObject([{ expected: "none", actual: "10" }]);
    expect(sequencesBetween([at("10")], [], [])).toEqual([]);
    expect(sequencesBetween([], [at("10")], [at("12")])).toEqual([]);
  });
});
