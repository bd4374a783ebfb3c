// What is wrong with a list of tunnels, in words for whoever wrote it: which tunnel, which key, which line.
import { type OpsFailure, usageFailure } from "../failure.ts";
import { yamlPlace } from "../front_matter/yaml_place.ts";
import { shellQuoted } from "../shell_quoted.ts";

export interface ListPlace {
  /** The list of tunnels. */
  readonly path: string;
  /** What leads to the value in it. */
  readonly keys: readonly PropertyKey[];
}

/** As zod says it. */
export interface ListIssue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Of a mapping: those that nobody knows. */
  readonly keys?: readonly string[];
}

const SAID_AT_MOST = 3;

/** @param value what the file says, read */
export function wrongList(path: string, value: unknown, issues: readonly ListIssue[]): OpsFailure {
  // A misspelled key comes first: the one that is missing is missing because of it.
  const [misspelled, others] = [issues.filter(({ keys }) => keys), issues.filter(({ keys }) => !keys)];
  const ordered = [...misspelled, ...others];
  const said = ordered.slice(0, SAID_AT_MOST).map((issue) => `${placeIn(value, issue.path)}: ${wordsOf(issue)}`);
  const [first] = ordered;
  const keys = [...(first?.path ?? []), ...(first?.keys ?? []).slice(0, 1)];
  const expected = "tunnels as `scripts/tunnel_health.ts --help` and the runbook describe them";
  return refusedList({ path, keys }, said.join("; "), expected);
}

export function refusedList({ path, keys }: ListPlace, observed: string, expected: string): OpsFailure {
  return usageFailure("Could not use the list of tunnels", {
    observed,
    expected,
    where: yamlPlace(path, keys),
    hint: `$EDITOR ${shellQuoted(path)}`,
  });
}

const WANTED: Readonly<Record<string, string>> = {
  object: "wants `key: value` lines",
  array: "wants a list",
  string: "wants one value",
};

function wordsOf({ code, message, keys }: ListIssue): string {
  if (keys) return `nobody knows the key ${keys.join(", ")}`;
  if (code !== "invalid_type") return message;
  if (message.endsWith("received undefined")) return "is missing";
  return WANTED[/expected (\w+)/.exec(message)?.[1] ?? ""] ?? message;
}

function placeIn(value: unknown, path: readonly PropertyKey[]): string {
  const [list, index, ...rest] = path;
  if (list !== "tunnels" || typeof index !== "number") return path.map(String).join(".") || "the file";
  const named = (value as { tunnels: readonly ({ name?: unknown } | null)[] }).tunnels[index]?.name;
  return `tunnel ${typeof named === "string" && named.length < 64 ? named : index + 1}${rest.map((key) => `.${String(key)}`).join("")}`;
}
