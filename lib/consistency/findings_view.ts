// Open findings for people: what and where on one line, then what is wrong, then what to do. No table: it would break a
// path in the middle, and a place or a command that cannot be copied has to be typed again.
import { printable } from "../cli/printable.ts";
import { CHECKS } from "./checks.ts";
import type { OpenFinding } from "./findings.ts";
import type { TableView } from "./report_view.ts";
import type { FleetResult } from "./run_ledger.ts";

const SHOWN = 25;
const INDENT = "  ";

export function renderFindings({ report, waived }: Pick<FleetResult, "report" | "waived">, view: TableView): string {
  const open = report.assessment_failures.filter(({ severity }) => severity !== "info");
  if (open.length === 0)
    return report.repos_total === 0
      ? ""
      : `${view.paint.ok("Nothing needs a person")}${waived > 0 ? `: ${waived} findings are waived` : ""}.`;
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
