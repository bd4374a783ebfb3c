// Tunnels for people: one line each, then what is broken, what that means, and what to type.
import type { Paint, View } from "../cli/define_script.ts";
import { printable } from "../cli/printable.ts";
import type { HealthReport, ProbeResult, TunnelReport, Verdict } from "./report.ts";

/** With more tunnels than this, the probes of healthy ones are left to --json. */
const PROBES_SHOWN_OF = 3;

export function renderHealth(report: HealthReport, view: View): string {
  const all = report.tunnels.length <= PROBES_SHOWN_OF;
  const told = report.tunnels.filter(({ verdict }) => all || verdict !== "healthy");
  return [tunnelTable(report.tunnels, view), ...told.map((tunnel) => tunnelBlock(tunnel, view))].join("\n\n");
}

export function tunnelTable(tunnels: readonly TunnelReport[], { table, paint }: View): string {
  const rows = tunnels.map((tunnel) => {
    const { name, verdict, broken, probes } = tunnel;
    const took = probes.find(({ id }) => id === "health")?.ms ?? null;
    return [name, painted(verdict, paint), took === null ? "" : Math.round(took), broken ?? "", tunnel.cause ?? ""];
  });
  const columns = [
    { title: "tunnel" },
    { title: "verdict" },
    { title: "ms", align: "right" as const },
    { title: "broken" },
    { title: "cause" },
  ];
  return table(columns, rows);
}

function tunnelBlock({ name, broken, probes }: TunnelReport, { table, paint }: View): string {
  const tried = probes.filter(({ saw }) => !saw.startsWith("not tried") && saw !== "not asked");
  const rows = tried.map((probe) => [probe.id, markOf(probe, paint), probe.ms ?? "", probe.saw]);
  // The probe that the verdict names; of what lies below it, settings of an earlier list alone may have failed.
  const named = probes.filter(({ id, ok }) => ok === false && id === broken);
  const columns = [{ title: name }, { title: "" }, { title: "ms", align: "right" as const }, { title: "saw" }];
  return [
    table(columns, rows),
    ...named.map(
      ({ wanted, remedy }) => `Wanted: ${printable(wanted)}\nTry: ${paint.command(printable(remedy ?? ""))}`,
    ),
  ].join("\n");
}

function markOf({ ok }: ProbeResult, paint: Paint): string {
  if (ok === null) return paint.dim("-");
  return ok ? paint.ok("ok") : paint.error("broken");
}

function painted(verdict: Verdict, paint: Paint): string {
  if (verdict === "healthy") return paint.ok(verdict);
  return verdict === "down" ? paint.error(verdict) : paint.warning(verdict);
}
