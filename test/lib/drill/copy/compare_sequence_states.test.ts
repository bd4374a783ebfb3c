// Sequences take no part in the snapshot: a copy must be as the dump set them, and the dump within what the live server said.
import { expect, test } from "bun:test";
import { sequenceKey } from "../../../../lib/drill/archive/archive.ts";
import { setsIn } from "../../../../lib/drill/archive/archived_sequences.ts";
import { compareSequenceStates } from "../../../../lib/drill/copy/compare_sequence_states.ts";
import type { SequenceState } from "../../../../lib/postgres/fingerprint/fingerprint_types.ts";

const state = (lastValue: number, isCalled = true, name = "public.ids"): SequenceState => ({
  ...{ name, lastValue: `${lastValue}`, isCalled, increment: "1", minimum: "1", maximum: "1000", start: "1" },
  ...{ cache: "1", cycle: false, type: "bigint", ownedBy: null },
});
const archive = (lastValue: number) => {
  const asked = { times: 0 };
  const read = async () => {
    asked.times++;
    return new Map([[sequenceKey("public.ids"), { lastValue: `${lastValue}`, isCalled: true }]]);
  };
  return { asked, read };
};

test("compareSequenceStates() holds a sequence that stood still exactly, and reads the archive only when the copy's differs", async () => {
  const { asked, read } = archive(5);
  const sequences = { before: [state(5)], after: [state(5)] };
  expect((await compareSequenceStates({ sequences }, [state(5)], read)).differing).toEqual([]);
  expect(asked.times).toBe(0);
  expect((await compareSequenceStates({ sequences }, [state(6)], read)).differing).toEqual(["public.ids"]);
  expect((await compareSequenceStates({ sequences }, [state(5, false)], read)).differing).toEqual(["public.ids"]);
});

test("compareSequenceStates() cannot tell of one that moved and came back, and fails a copy that is not as the dump set it", async () => {
  const sequences = { before: [state(5)], after: [state(5)] };
  const back = await compareSequenceStates({ sequences }, [state(7)], archive(7).read);
  expect([back.differences, back.compared]).toEqual([[], 0]);
  expect(back.notCompared).toMatchObject([{ what: "sequence public.ids", may_pass: false }]);
  expect((await compareSequenceStates({ sequences }, [state(8)], archive(7).read)).differing).toEqual(["public.ids"]);
  expect((await compareSequenceStates({ sequences }, [state(8)], async () => new Map())).differing).toEqual([
    "public.ids",
  ]);
});

test("compareSequenceStates() holds one that moved against what the dump set, to the number", async () => {
  const sequences = { before: [state(5)], after: [state(9)] };
  const verdict = (copy: number, dumped: number) =>
    compareSequenceStates({ sequences }, [state(copy)], archive(dumped).read);
  expect((await verdict(7, 7)).differing).toEqual([]);
  expect((await verdict(8, 7)).differing).toEqual(["public.ids"]);
  expect((await verdict(12, 12)).differing).toEqual(["public.ids"]);
});

test("compareSequenceStates() names a sequence that moved and that the archive does not set as not compared", async () => {
  const sequences = { before: [state(5)], after: [state(9)] };
  const { notCompared, compared } = await compareSequenceStates({ sequences }, [state(7)], async () => new Map());
  expect(notCompared.map(({ what }) => what)).toEqual(["sequence public.ids"]);
  expect(compared).toBe(0);
});

test("compareSequenceStates() misses no sequence of the copy, and finds one too many", async () => {
  const sequences = { before: [state(5)], after: [state(5)] };
  expect((await compareSequenceStates({ sequences }, [], archive(0).read)).differing).toEqual(["public.ids"]);
  const more = [state(5), state(1, true, "public.more")];
  expect((await compareSequenceStates({ sequences }, more, archive(0).read)).differing).toEqual(["public.more"]);
});

test("setsIn() reads pg_restore's own lines, quoted names too", () => {
  const text = `
SELECT pg_catalog.setval('public.tasks_id_seq', 41, true);
SELECT pg_catalog.setval('"Odd"."it''s.""x"""', -3, false);
`;
  expect(setsIn(text)).toEqual([
    [`"public"."tasks_id_seq"`, { lastValue: "41", isCalled: true }],
    [`"Odd"."it's.""x"""`, { lastValue: "-3", isCalled: false }],
  ]);
  expect(sequenceKey("public.tasks_id_seq")).toBe(`"public"."tasks_id_seq"`);
});
