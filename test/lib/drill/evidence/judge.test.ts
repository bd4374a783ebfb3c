// From findings to the verdict: nothing that was not compared may pass, and no trouble hides a difference.
import { describe, expect, test } from "bun:test";
import type { Comparison } from "../../../../lib/drill/copy/compare_copy.ts";
import { type Draft, newDraft } from "../../../../lib/drill/evidence/draft.ts";
import { judge } from "../../../../lib/drill/evidence/judge.ts";

const EQUAL: Comparison = {
  tables: [{ name: "public.tasks", rows: 3, equal: true, buckets_differing: [] }],
  differences: [],
  sequences: { compared: 1, differing: [] },
  schemaEqual: true,
  notCompared: [],
  remarks: [],
};

function draftOf(comparison: Partial<Comparison>, more: Partial<Draft> = {}): Draft {
  const hub = { hub: "equal", differences: [] } as const;
  return { ...newDraft({ kind: "disposable", url: null }), comparison: { ...EQUAL, ...comparison }, hub, ...more };
}

describe("judge()", () => {
  test("passes a copy that is equal", () => {
    expect(judge(draftOf({}))).toEqual({ verdict: "passed", reasons: [], hint: null });
  });

  test("fails a table that differs, naming its buckets", () => {
    const tables = [{ name: "public.tasks", rows: 3, equal: false, buckets_differing: [1, 2, 3, 4, 5, 6, 7] }];
    const { verdict, reasons } = judge(draftOf({ tables }));
    expect(verdict).toBe("failed");
    expect(reasons).toEqual(["table public.tasks differs in buckets 1, 2, 3, 4, 5 and 2 more"]);
  });

  test("fails on any other difference, of the schema or of the hub's answers", () => {
    const difference = { kind: "index", object: "public.i", expected: "there", actual: "missing" };
    expect(judge(draftOf({ differences: [difference] })).verdict).toBe("failed");
    expect(judge(draftOf({}, { hub: { hub: "differs", differences: [difference] } })).verdict).toBe("failed");
  });

  test("passes what is made anew or lies elsewhere, and nothing else that was not compared", () => {
    const left = (what: string, may_pass: boolean) => ({ what, reason: "because", may_pass });
    const anew = left("materialized view public.sums", true);
    expect(judge(draftOf({ notCompared: [anew] })).verdict).toBe("passed");
    // Its name says nothing: whoever left it out has to know.
    const rows = left("materialized view of all rows", false);
    expect(judge(draftOf({ notCompared: [anew, rows] }))).toMatchObject({
      verdict: "could_not_verify",
      reasons: ["materialized view of all rows was not compared: because"],
    });
  });

  test("cannot verify what failed on the way, and says what to do", () => {
    const unverified = [{ reason: "Dumping: no right", hint: "grant it" }];
    expect(judge({ ...newDraft({ kind: "disposable", url: null }), unverified })).toEqual({
      verdict: "could_not_verify",
      reasons: ["Dumping: no right"],
      hint: "grant it",
    });
  });

  test("cannot verify what was never compared, even when nothing failed", () => {
    expect(judge(newDraft({ kind: "disposable", url: null })).verdict).toBe("could_not_verify");
    expect(judge(draftOf({}, { hub: null })).verdict).toBe("could_not_verify");
  });

  test("fails what differs although something else went wrong, and names both", () => {
    const tables = [{ name: "public.tasks", rows: 3, equal: false, buckets_differing: [] }];
    const { verdict, reasons } = judge(draftOf({ tables }, { unverified: [{ reason: "no answer", hint: null }] }));
    expect(verdict).toBe("failed");
    expect(reasons).toEqual(["table public.tasks differs", "no answer"]);
  });

  test("fails material that was changed, also when nothing was compared", () => {
    const draft = { ...newDraft({ kind: "disposable", url: null }), wrong: ["facts.json was changed"] };
    expect(judge(draft)).toMatchObject({ verdict: "failed", reasons: ["facts.json was changed"] });
  });

  test("shortens a long list and says how much it left out", () => {
    const tables = Array.from({ length: 30 }, (_, n) => ({
      ...{ name: `public.t${n}`, rows: 1, equal: false, buckets_differing: [] },
    }));
    const { reasons } = judge(draftOf({ tables }));
    expect(reasons).toHaveLength(21);
    expect(reasons.at(-1)).toBe("10 more");
  });
});
