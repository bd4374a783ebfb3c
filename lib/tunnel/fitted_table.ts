// The tunnels of a watch on a window that may be too low for all of them: drawn over the round before, a line too many would
// scroll, and leave half a table above. (pure)
import type { View } from "../cli/define_script.ts";
import { byGravity, type TunnelReport, type Verdict } from "./report.ts";
import { tunnelTable } from "./tunnel_view.ts";

export interface Screen {
  readonly columns: number;
  /** 0 where unknown: everything is drawn then. */
  readonly rows: number;
}

/** All in the list's order where they fit above the footer; else as many as do, the worst first, and what the others are. */
export function fittedTable(
  tunnels: readonly TunnelReport[],
  footer: string,
  { view, screen }: { readonly view: View; readonly screen: Screen },
): string {
  // The cursor needs the last line.
  const room = screen.rows === 0 ? Number.POSITIVE_INFINITY : Math.max(1, screen.rows - 1);
  const last = view.paint.dim(footer);
  const fits = (text: string) => heightOf(text, screen.columns) <= room;
  if (tunnels.length < room) {
    const whole = `${tunnelTable(tunnels, view)}\n${last}`;
    if (fits(whole)) return whole;
  }
  const ordered = tunnels.toSorted((left, right) => byGravity(right.verdict, left.verdict));
  for (let shown = Math.min(ordered.length - 1, room); shown > 0; shown--) {
    const others = `${ordered.length - shown} more${verdictsOf(ordered.slice(shown))}`;
    const text = `${tunnelTable(ordered.slice(0, shown), view)}\n${others}\n${last}`;
    if (fits(text)) return text;
  }
  const alone = `${ordered.length} tunnels${verdictsOf(ordered)}`;
  return fits(`${alone}\n${last}`) ? `${alone}\n${last}` : alone;
}

/** As a terminal wraps them: a table is never narrower than its columns need. */
function heightOf(text: string, columns: number): number {
  const heights = text.split("\n").map((line) => Math.max(1, Math.ceil(Bun.stringWidth(line) / Math.max(1, columns))));
  return heights.reduce((sum, height) => sum + height, 0);
}

/** ", all healthy", or ": 2 down, 40 healthy". */
function verdictsOf(ordered: readonly TunnelReport[]): string {
  const counts = new Map<Verdict, number>();
  for (const { verdict } of ordered) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const [first] = counts.keys();
  if (counts.size === 1) return `, all ${first}`;
  return `: ${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ")}`;
}
