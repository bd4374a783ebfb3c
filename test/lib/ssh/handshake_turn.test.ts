// How many connections are opened at once to one host, and what becomes of those that wait.
import { describe, expect, test } from "bun:test";
import { type NoTurn, OPENING_AT_ONCE, type Turn, takeTurn } from "../../../lib/ssh/handshake_turn.ts";

const signal = new AbortController().signal;

function take(place: string, withinMs = 5_000): Promise<Turn | NoTurn> {
  return takeTurn(place, { withinMs, signal });
}

/** As many as may be opened at once. */
function takeAll(place: string): Promise<Turn[]> {
  return Promise.all(Array.from({ length: OPENING_AT_ONCE }, () => taken(take(place))));
}

async function taken(turn: Promise<Turn | NoTurn>): Promise<Turn> {
  const found = await turn;
  if (typeof found === "string") throw new Error(`No turn: ${found}`);
  return found;
}

describe("takeTurn()", () => {
  test("takeTurn() lets so many open at once, and the next in their order", async () => {
    const turns = await takeAll("a:22");
    const order: string[] = [];
    const waiting = ["first", "second"].map(async (name) => {
      const turn = await taken(take("a:22"));
      order.push(name);
      return turn;
    });
    await Bun.sleep(20);
    expect(order).toEqual([]);
    turns[3]?.end(true);
    await Bun.sleep(20);
    expect(order).toEqual(["first"]);
    turns[0]?.end(false);
    expect(order).toHaveLength(1);
    turns.push(...(await Promise.all(waiting)));
    expect(order).toEqual(["first", "second"]);
    for (const turn of turns) turn.end(true);
  });

  test("takeTurn() counts an end once, and each place by itself", async () => {
    const turns = await takeAll("b:22");
    (await taken(take("b:2222", 0))).end(true);
    turns[0]?.end(true);
    turns[0]?.end(true);
    turns.push(await taken(take("b:22", 0)));
    expect(await take("b:22", 0)).toBe("none_let_in");
    for (const turn of turns) turn.end(true);
  });

  test("takeTurn() tells a host that lets nobody in from one that has too many to let in", async () => {
    const turns = await takeAll("c:22");
    const before = Array.from({ length: 2 }, () => take("c:22", 200));
    turns[0]?.end(true);
    const [called, left] = await Promise.all(before);
    expect(called).toBeObject();
    expect(left).toBe("too_many");
    expect(await take("c:22", 20)).toBe("none_let_in");
    for (const turn of [...turns, called as Turn]) turn.end(false);
    turns.push(...(await takeAll("c:22")));
    for (const turn of turns) turn.end(false);
  });

  test("takeTurn() ends with the signal's reason, and leaves no place taken", async () => {
    const turns = await takeAll("d:22");
    const stop = new AbortController();
    const waiting = takeTurn("d:22", { withinMs: 5_000, signal: stop.signal });
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    await expect(takeTurn("d:22", { withinMs: 5_000, signal: stop.signal })).rejects.toThrow("stopped");
    turns[0]?.end(true);
    turns.push(await taken(take("d:22", 0)));
    for (const turn of turns) turn.end(true);
  });
});
