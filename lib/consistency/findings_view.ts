// Open findings for people: what and where on one line, then what is wrong, then what to do. No table: it would break a
// path in the middle, and a place or a command that cannot be copied has to be typed again.
import { printable } from "../cli/printable.ts";
import { CHECKS } from "./checks.ts";
import type { OpenFinding } from "./findings.ts";
import type { FleetResult } from "./run_ledger.ts";
import type { TableView } from "./table_view.ts";

const SHOWN = 25;
const INDENT = "  ";

type Shown = Pick<FleetResult, "report" | "waived" | "humanGates">;

export function renderFindings(result: Shown, view: TableView): string {
  const { report, waived } = result;
  const open = report.assessment_failures.filter(({ severity }) => severity !== "info");
  if (open.length === 0) return renderNoneOpen(result, view);
  const total = Object.entries(report.assessment_totals)
    .filter(([check]) => !isInfo(check))
    .reduce((sum, [, n]) => sum + n, 0);
  const shown = open.slice(0, SHOWN);
  const rest = total - shown.length;
  const title = view.paint.strong(
    `Needs a person: ${total} open ${total === 1 ? "finding" : "findings"}${waived > 0 ? `, ${waived} more waived` : ""}`,
  );
  const more = rest > 0 ? [`${rest} more: --json lists up to 200, with totals by check`] : [];
  return [title, ...shown.map((finding) => renderFinding(finding, view)), ...more].join("\n\n");
}

function isInfo(check: string): boolean {
  return CHECKS.find(({ id }) => id === check)?.severity === "info";
}

function renderFinding(finding: OpenFinding, view: TableView): string {
  const { severity, check, hint } = finding;
  const label = view.paint[severity === "error" ? "error" : "warning"](`${severity} ${check}`);
  return [
    `${label}  ${view.paint.strong(placeText(finding))}`,
    indented(whatText(finding), view.width),
    ...(hint === null ? [] : [hintText(hint, view.width)]),
  ].join("\n");
}

/** `repo:path:line:column`, as editors and grep write it. */
function placeText({ repo, path, line, column }: OpenFinding): string {
  const place = path === null ? "" : `:${path}${line === null ? "" : `:${line}:${column ?? 1}`}`;
  return printable(`${repo}${place}`);
}

function whatText({ subject, message, observed, expected }: OpenFinding): string {
  const against = [observed === null ? "" : `found ${observed}`, expected === null ? "" : `wanted ${expected}`]
    .filter(Boolean)
    .join(", ");
  return printable(`${subject === null ? "" : `${subject}: `}${message}${against === "" ? "" : ` (${against})`}`);
}

/** One that holds a command stays on one line, whatever the terminal: broken in two it would run in two. */
function hintText(hint: string, width: number): string {
  const text = printable(hint);
  return /\b(scripts\/|git )/.test(text) ? `${INDENT}${text}` : indented(text, width);
}

/** Between words only: what is longer than a line stays whole. */
function indented(text: string, width: number): string {
  return Bun.wrapAnsi(text, width - INDENT.length).replace(/^/gm, INDENT);
}

/** No finding is open. That is not the same as "all is well": a run that failed does not know, and people may be waited for. */
function renderNoneOpen({ report, waived, humanGates }: Shown, view: TableView): string {
  if (report.automation_error) return "It is not known whether anything needs a person: the run did not finish.";
  if (report.lock_skipped) return "Nothing was looked at here: another run is at it.";
  const missing = report.skipped_missing.length;
  const waits = [
    humanGates.length > 0 && `${counted(humanGates.length, "task waits", "tasks wait")} for a person`,
    missing > 0 && `${counted(missing, "repository", "repositories")} could not be read`,
    waived > 0 && `${counted(waived, "finding is", "findings are")} waived`,
  ].filter((each) => each !== false);
  if (waits.length === 0) return `${view.paint.ok("Nothing needs a person")}.`;
  return `${view.paint.ok("No finding is open")}; ${waits.join(", ")}.`;
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}
