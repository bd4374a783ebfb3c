// A drill for people: the verdict first, then what is not as it should be, then where the time went.
import type { View } from "../../cli/define_script.ts";
import type { DrillReport, Stage, Verdict } from "./report.ts";

/** @param evidence the file that keeps the report; null: none does */
export function renderDrill(report: DrillReport, evidence: string | null, view: View): string {
  return [
    head(report, view),
    reasonsOf(report, view),
    ...(differing(report).length === 0 ? [] : [differingTable(report, view)]),
    counted(report),
    ...(report.stages.length === 0 ? [] : [stagesTable(report.stages, view)]),
    aside(report, evidence, view),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const SAYS: Readonly<Record<Verdict, string>> = {
  passed: "Passed: the copy is the source, row for row.",
  failed: "Failed: the copy is not the source.",
  could_not_verify: "Could not verify: nothing is proven.",
};

const NOT_AS_MADE = "Failed: what is stored is not what was put there.";

function head({ verdict, backup, target, tables }: DrillReport, { paint }: View): string {
  const colour = verdict === "passed" ? paint.ok : verdict === "failed" ? paint.error : paint.warning;
  const from =
    backup === null || tables.length === 0
      ? ""
      : ` Restored from the ${backup.encrypted ? "encrypted " : ""}backup ${backup.id}.`;
  const into = target.url === null ? "" : ` Restored into ${target.url}.`;
  const says = verdict === "failed" && tables.length === 0 ? NOT_AS_MADE : SAYS[verdict];
  return `${colour(says)}${from}${into}`;
}

function reasonsOf({ reasons, hint }: DrillReport, { paint }: View): string {
  const lines = reasons.map((reason) => `- ${reason}`);
  return [...lines, ...(hint === null ? [] : [`Try: ${paint.command(hint)}`])].join("\n");
}

const SHOWN = 20;

function differing({ tables }: DrillReport) {
  return tables.filter(({ equal }) => !equal);
}

function differingTable(report: DrillReport, { table }: View): string {
  const all = differing(report);
  const rows = all
    .slice(0, SHOWN)
    .map(({ name, rows, buckets_differing }) => [name, rows, buckets_differing.join(", ")]);
  const columns = [{ title: "table that differs" }, { title: "rows", align: "right" as const }, { title: "buckets" }];
  return `${table(columns, rows)}${all.length > SHOWN ? `\n${all.length - SHOWN} more` : ""}`;
}

const HUB: Readonly<Record<DrillReport["hub"], string>> = {
  equal: "the hub over the copy answers /state/health and /state/summary as it should",
  differs: "the hub over the copy answers otherwise",
  not_applicable: "no State Hub in it",
  not_compared: "the hub over the copy was not asked",
};

function counted({ tables, tables_equal, rows, sequences, hub, database_clock }: DrillReport): string {
  if (tables.length === 0) return "";
  const equal = sequences.compared - sequences.differing.length;
  return (
    `${tables_equal} of ${tables.length} tables equal, ${rows} rows; ${equal} of ${sequences.compared} sequences equal; ` +
    `${HUB[hub]}. The source as of ${database_clock}.`
  );
}

function stagesTable(stages: readonly Stage[], { table }: View): string {
  const right = { align: "right" as const };
  const rows = stages.map(({ name, ms, bytes }) => [
    name,
    ms,
    bytes === null ? "" : (bytes / 1e6).toFixed(1),
    bytes === null || ms === 0 ? "" : (bytes / 1e3 / ms).toFixed(1),
  ]);
  const columns = [
    { title: "stage" },
    { title: "ms", ...right },
    { title: "MB", ...right },
    { title: "MB/s", ...right },
  ];
  return table(columns, rows);
}

function aside({ not_compared, remarks }: DrillReport, evidence: string | null, { paint }: View): string {
  return [
    ...not_compared.slice(0, SHOWN).map(({ what, reason }) => `not compared: ${what}: ${reason}`),
    ...(not_compared.length > SHOWN ? [`not compared: ${not_compared.length - SHOWN} more`] : []),
    ...remarks,
    ...(evidence === null ? [] : [paint.dim(`evidence: ${evidence}`)]),
  ].join("\n");
}
