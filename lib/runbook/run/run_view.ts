// What a run came to, for people: one row for each block, and beneath it what the failed one said last.
import type { Cell, View } from "../../cli/define_script.ts";
import type { RunReport } from "./run_report.ts";

const LAST_LINES = 12;
/** Of each of them: a document on one line may have megabytes. */
const LINE_CHARACTERS = 500;

export function renderRun(report: RunReport, view: View): string {
  const { paint } = view;
  const columns = [{ title: "block" }, { title: "class" }, { title: "exit" }, { title: "s" }, { title: "came to" }];
  const rows = report.blocks.map(({ name, class: kind, exit_code, ms, outcome, why }): Cell[] => {
    const paintOf = { passed: paint.ok, failed: paint.error, refused: paint.warning, not_run: paint.warning }[outcome];
    const said = outcome.replace("_", " ");
    return [name, kind, exit_code ?? "-", (ms / 1000).toFixed(1), paintOf(why === null ? said : `${said}: ${why}`)];
  });
  const wrong = report.blocks.find(({ outcome }) => outcome === "failed");
  const last = wrong === undefined ? [] : lastLines(wrong.name, `${wrong.stdout}${wrong.stderr}`);
  const paintVerdict = report.verdict === "passed" ? paint.ok : paint.error;
  return [
    view.table(columns, rows),
    ...(last.length > 0 ? ["", ...last] : []),
    "",
    `${paintVerdict(report.verdict)}: ${report.runbook}; transcript: ${report.transcript}`,
  ].join("\n");
}

function lastLines(name: string, said: string): string[] {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0
    ? []
    : [`${name} said last:`, ...lines.slice(-LAST_LINES).map((line) => `  ${shortened(line)}`)];
}

function shortened(line: string): string {
  return line.length <= LINE_CHARACTERS ? line : `${line.slice(0, LINE_CHARACTERS)}…`;
}
