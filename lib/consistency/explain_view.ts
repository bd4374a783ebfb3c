// An explanation for people: three values side by side, the rule in words, and everything that lost.
import { printable } from "../cli/printable.ts";
import type { ExplainedField, Explanation } from "./explain.ts";
import type { TableView } from "./table_view.ts";

/** The compiler asks for words for every rule. */
const RULES: Readonly<Record<NonNullable<ExplainedField["rule"]>, string>> = {
  unchanged: "both agree",
  both_moved_alike: "both moved to the same value: it becomes the agreed one",
  file_moved: "the file moved: its value is taken by the next run",
  hub_moved: "the hub moved: the file is to be corrected, the hub's value stands",
  file_wins: "both moved: the file's value wins, the hub's is kept below",
};

export function renderExplanations(explanations: readonly Explanation[], view: TableView): string {
  return explanations.map((each) => renderOne(each, view)).join("\n\n");
}

function renderOne(each: Explanation, view: TableView): string {
  const place = `${each.repo}:${each.path}${each.line === null ? "" : `:${each.line}`}`;
  const head = [
    `${view.paint.strong(each.key)} ${printable(each.title)}`,
    `${each.kind} ${each.id}, version ${each.version}`,
    `${printable(place)}${each.source_commit === null ? "" : ` at ${each.source_commit.slice(0, 12)}`}`,
    ...each.state.map((state) => view.paint.warning(state)),
    ...(each.file_remark === null
      ? []
      : [view.paint.warning(`The file's side is unknown: ${printable(each.file_remark)}`)]),
    ...(each.held_back === null
      ? []
      : [view.paint.warning(`Nothing is taken from the file: ${printable(each.held_back)}`)]),
  ].join("\n");
  return [head, renderFields(each, view), renderLost(each, view), renderPending(each, view), renderFindings(each, view)]
    .filter(Boolean)
    .join("\n\n");
}

function renderFields({ fields, agreed_at, held_back }: Explanation, view: TableView): string {
  const rows = fields.map(({ field, file, base, hub, rule }) => [
    field,
    shown(file),
    shown(base),
    shown(hub),
    whatFollows(rule, held_back),
  ]);
  const since = agreed_at === null ? "" : view.paint.dim(`\nagreed on ${agreed_at}`);
  return `${view.table([{ title: "field" }, { title: "file" }, { title: "agreed" }, { title: "hub" }, { title: "what follows" }], rows)}${since}`;
}

function whatFollows(rule: ExplainedField["rule"], heldBack: string | null): string {
  if (rule === null) return "unknown";
  return heldBack === null || rule === "unchanged" ? RULES[rule] : "nothing, while that is so";
}

function renderLost({ lost }: Explanation, view: TableView): string {
  if (lost.length === 0) return "";
  const rows = lost.map((each) => [
    each.created_at,
    each.field,
    shown(each.hub_value),
    shown(each.file_value),
    each.settled_at === null ? "open" : `settled ${each.settled_at}`,
  ]);
  return `${view.paint.strong("Values that lost")}\n${view.table([{ title: "when" }, { title: "field" }, { title: "lost (hub)" }, { title: "won (file)" }, { title: "" }], rows)}`;
}

function renderPending({ pending }: Explanation, view: TableView): string {
  if (pending.length === 0) return "";
  const rows = pending.map((each) => [each.key, shown(each.replaces), each.value, each.reason, each.created_at]);
  return `${view.paint.strong("To be written into the file")}\n${view.table([{ title: "key" }, { title: "now" }, { title: "then" }, { title: "why" }, { title: "since" }], rows)}`;
}

function renderFindings({ findings }: Explanation, view: TableView): string {
  if (findings.length === 0) return "";
  const rows = findings.map((each) => [
    `${each.check} ${each.severity}`,
    each.message,
    each.first_seen,
    each.waived ? "waived" : "",
  ]);
  return `${view.paint.strong("Open findings")}\n${view.table([{ title: "check" }, { title: "what" }, { title: "since" }, { title: "" }], rows)}`;
}

function shown(value: string | null | undefined): string {
  return value === undefined ? "?" : value === null || value === "" ? "(none)" : value;
}
