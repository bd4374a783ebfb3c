// One lost packet is no outage, and one good answer no recovery; a dead line is down at once.
import { describe, expect, test } from "bun:test";
import { type Settled, settle } from "../../../lib/tunnel/hysteresis.ts";
import type { Verdict } from "../../../lib/tunnel/report.ts";
import { pauseAfter } from "../../../lib/tunnel/watch_command.ts";

const LETTERS: Readonly<Record<string, Verdict>> = { h: "healthy", d: "degraded", x: "down", u: "unknown" };
const nameOf = (verdict: Verdict) => Object.keys(LETTERS).find((letter) => LETTERS[letter] === verdict) ?? "?";

/** What each round says, a letter each, to what is said after each. */
function settled(rounds: string): string {
  let now: Settled | null = null;
  return [...rounds]
    .map((letter) => {
      now = settle(now, LETTERS[letter] ?? "unknown");
      return nameOf(now.verdict);
    })
    .join("");
}

describe("settle()", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["h", "h", "the first round counts as it is"],
    ["x", "x", "the first round counts as it is, down too"],
    ["hhxh", "hhdd", "one lost round is degraded, not down"],
    ["hxx", "hdx", "two in a row are down"],
    ["hxxhhh", "hdxddh", "back from down: degraded, and healthy after three good ones"],
    ["xhxhxh", "xddddd", "every second one lost is degraded all the time"],
    ["hhdhhh", "hhdddh", "one slow round is degraded, three fast ones healthy again"],
    ["dhdhdhdhd", "ddddddddd", "a long line that is fast now and then does not flap"],
    ["hhuh", "hhhh", "one round that could not tell changes nothing"],
    ["hhuu", "hhhu", "two that could not tell are unknown"],
    ["xxux", "xxxx", "what could not be told between two lost ones is no recovery"],
    ["xxxd", "xxxd", "a slow answer is not down any more"],
  ];
  for (const [rounds, wanted, says] of rows)
    test(`settle() of ${rounds} is ${wanted}: ${says}`, () => expect(settled(rounds)).toBe(wanted));

  test("settle() remembers five rounds, however many there were", () => {
    let now: Settled | null = null;
    for (let round = 0; round < 10_000; round++) now = settle(now, "healthy");
    expect((now as Settled | null)?.recent).toHaveLength(5);
  });

  test("settle() changes its mind at most twice in ten minutes of a line that loses a tenth of its rounds and is slow in half", () => {
    const rounds = Array.from({ length: 60 }, (_, at) => (at % 10 === 7 ? "x" : at % 2 === 0 ? "d" : "h")).join("");
    const said = settled(rounds);
    const changes = [...said].filter((letter, at) => at > 0 && letter !== said[at - 1]).length;
    expect(changes).toBeLessThanOrEqual(2);
    expect(said).not.toContain("x");
  });
});

describe("pauseAfter()", () => {
  test("pauseAfter() is the interval until a tunnel is down, then twice as long each time, a minute at most", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 60].map((downs) => pauseAfter(downs, 10_000) / 1_000)).toEqual([
      10, 10, 10, 20, 40, 60, 60, 60,
    ]);
    expect(pauseAfter(9, 300_000)).toBe(300_000);
  });
});
