// What a watch draws on a window that is too low or too narrow for its list.
import { describe, expect, test } from "bun:test";
import { fittedTable } from "../../../lib/tunnel/fitted_table.ts";
import type { TunnelReport, Verdict } from "../../../lib/tunnel/report.ts";
import { plainView } from "../../support/plain_view.ts";

const FOOTER = "12:34:56Z, 30000 ms; Ctrl-C ends";

function tunnels(count: number, others: Readonly<Record<number, Verdict>> = {}): TunnelReport[] {
  return Array.from({ length: count }, (_, at) => {
    const verdict = others[at] ?? "healthy";
    const cause =
      verdict === "healthy" ? null : "does not answer within 5.0 s, neither at one address nor at the other";
    return { name: `t${at}`, verdict, broken: verdict === "down" ? "tcp" : null, cause, probes: [] };
  });
}

async function drawn(all: readonly TunnelReport[], screen: { columns: number; rows: number }): Promise<string[]> {
  const view = await plainView(Math.max(40, screen.columns));
  return fittedTable(all, FOOTER, { view, screen }).split("\n");
}

const heightOf = (lines: readonly string[], columns: number) =>
  lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);

describe("fittedTable()", () => {
  test("fittedTable() keeps the list's order where there is room, or where the window does not say", async () => {
    const all = tunnels(7, { 5: "down" });
    for (const rows of [0, 24]) {
      const lines = await drawn(all, { columns: 200, rows });
      expect(lines.slice(2, -1).map((line) => line.split(" ")[0])).toEqual(all.map(({ name }) => name));
      expect(lines.at(-1)).toBe(FOOTER);
    }
  });

  test("fittedTable() draws the worst first, and counts the others", async () => {
    const lines = await drawn(tunnels(50, { 40: "degraded", 45: "down" }), { columns: 200, rows: 10 });
    expect(lines).toHaveLength(9);
    expect(lines.slice(2).map((line) => line.split(" ")[0])).toEqual([
      "t45",
      "t40",
      "t0",
      "t1",
      "t2",
      "45",
      "12:34:56Z,",
    ]);
    expect(lines.at(-2)).toBe("45 more, all healthy");
  });

  test("fittedTable() says of the others how many are not healthy either", async () => {
    const down = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [at * 2, "down" as const]));
    const lines = await drawn(tunnels(40, down), { columns: 200, rows: 9 });
    expect(lines.at(-2)).toBe("36 more: 16 down, 20 healthy");
  });

  test("fittedTable() fits into each window of two lines and more, as the terminal wraps it", async () => {
    const all = tunnels(30, { 3: "down", 9: "degraded" });
    for (const columns of [20, 40, 60, 100])
      for (const rows of [3, 4, 6, 10, 25, 40]) {
        const lines = await drawn(all, { columns, rows });
        const height = heightOf(lines, columns);
        expect({ columns, rows, fits: height < rows || lines.length === 1 }).toEqual({ columns, rows, fits: true });
      }
    expect(FOOTER.length).toBeLessThanOrEqual(40);
    expect(await drawn(all, { columns: 40, rows: 2 })).toEqual(["30 tunnels: 1 down, 1 degraded, 28 healthy"]);
  });
});
