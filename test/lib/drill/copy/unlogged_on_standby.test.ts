// What a standby cannot have is told, and not taken for compared.
import { expect, test } from "bun:test";
import { unloggedOnStandby } from "../../../../lib/drill/copy/unlogged_on_standby.ts";

const relation = {
  "public.logged": { kind: "table" },
  "public.fast": { kind: "table", persistence: "unlogged" },
  "public.fast_id_seq": { kind: "sequence", persistence: "unlogged" },
};

function ofSource(standby: boolean): string[] {
  const facts = { source: { standby }, inventory: { kinds: { relation } } };
  return unloggedOnStandby(facts as never).map(({ what }) => what);
}

test("names the unlogged tables of a standby, and of a primary none", () => {
  expect(ofSource(true)).toEqual(["unlogged table public.fast"]);
  expect(ofSource(false)).toEqual([]);
});
