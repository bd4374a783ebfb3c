// One verdict from what all layers saw: the lowest broken one is named, and what could not be told is never healthy.
import { describe, expect, test } from "bun:test";
import { judge } from "../../../lib/tunnel/judge.ts";
import { PROBE_IDS, type ProbeId, type ProbeResult, worst } from "../../../lib/tunnel/report.ts";

type Oks = Partial<Record<ProbeId, boolean | null>>;

function probes(oks: Oks, healthMs = 20): ProbeResult[] {
  return PROBE_IDS.map((id) => ({
    id,
    ok: oks[id] === undefined ? true : oks[id],
    ms: id === "health" ? healthMs : 1,
    saw: `saw ${id}`,
    wanted: "",
    remedy: null,
  }));
}

interface Given {
  readonly ownPath?: boolean;
  readonly isOfEarlierList?: boolean;
  readonly ms?: number;
}

const verdictOf = (oks: Oks, { ms, ...given }: Given = {}) => {
  const { verdict, broken } = judge(probes(oks, ms), { ownPath: false, isOfEarlierList: false, ...given, slowMs: 250 });
  return `${verdict} ${broken}`;
};

describe("judge()", () => {
  const rows: readonly (readonly [string, Oks, Given, string])[] = [
    ["all is as it should be", {}, {}, "healthy null"],
    ["what was not asked for is no fault", { identity: null, hold: null }, {}, "healthy null"],
    ["the lowest of several is named", { health: false, auth: false }, {}, "down auth"],
    ["a request that is cut", { hold: false }, {}, "down hold"],
    ["a unit's tunnel that could not be opened anew", { auth: false }, { ownPath: true }, "degraded auth"],
    ["a unit's tunnel that is broken as well", { auth: false, health: false }, { ownPath: true }, "down auth"],
    [
      "a unit's tunnel that was not asked for want of time",
      { auth: false, health: null },
      { ownPath: true },
      "unknown auth",
    ],
    ["a slow answer", {}, { ms: 251 }, "degraded null"],
    ["an answer just in time", {}, { ms: 250 }, "healthy null"],
    ["a listener whose owner cannot be seen", { forward: null, health: null }, { ownPath: true }, "unknown null"],
    ["a list that cannot be true", { config: false }, {}, "down config"],
    ["a unit with an earlier list's settings", { config: false }, { isOfEarlierList: true }, "degraded config"],
    ["such a unit that is slow, too", { config: false }, { isOfEarlierList: true, ms: 251 }, "degraded config"],
    ["such a unit that does not run", { config: false, forward: false }, { isOfEarlierList: true }, "down forward"],
    [
      "such a unit that would not be let in by the new settings",
      { config: false, auth: false },
      { isOfEarlierList: true, ownPath: true },
      "degraded auth",
    ],
    ["time that ran out before the hub was asked", { health: null }, {}, "unknown null"],
  ];
  for (const [given, oks, options, wanted] of rows)
    test(`judge() of ${given}: ${wanted}`, () => expect(verdictOf(oks, options)).toBe(wanted));
});

describe("worst()", () => {
  test("worst() is down before unknown before degraded, and unknown of nothing", () => {
    expect(worst(["healthy", "degraded"])).toBe("degraded");
    expect(worst(["unknown", "degraded"])).toBe("unknown");
    expect(worst(["unknown", "down", "healthy"])).toBe("down");
    expect(worst([])).toBe("unknown");
  });
});
