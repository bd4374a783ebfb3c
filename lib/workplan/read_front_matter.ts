// From the mapping of a front matter to a Workplan. `null` means that at least one problem was pushed: a workplan is
// used whole or not at all.
import type { Mapping } from "../front_matter/mapping.ts";
import { LONGEST_ID, WORKPLAN_RULES } from "./field_rules.ts";
import { extraOf, type FieldScope, placesOf, readFields, wrongValue } from "./read_fields.ts";
import type { Workplan, WorkplanStatus } from "./types.ts";

const KNOWN = new Set(["type", "depends_on", ...WORKPLAN_RULES.map((rule) => rule.key)]);

/** Reads the fields; problems go to `scope.problems`. `type` has been looked at before. */
export function readFrontMatter(scope: FieldScope, mapping: Mapping): Workplan | null {
  const before = scope.problems.length;
  const values = readFields(scope, WORKPLAN_RULES);
  const dependsOn = readDependsOn(scope);
  if (scope.problems.length > before) return null;
  const required = (key: string) => values.get(key) ?? "";
  return {
    id: required("id"),
    title: required("title"),
    domain: required("domain"),
    repo: required("repo"),
    status: required("status") as WorkplanStatus,
    owner: required("owner"),
    topicSlug: required("topic_slug"),
    created: required("created"),
    updated: required("updated"),
    dependsOn,
    followUpWorkplan: values.get("follow_up_workplan") ?? null,
    supersedesIntentFrom: values.get("supersedes_intent_from") ?? null,
    hubId: values.get("state_hub_workstream_id")?.toLowerCase() ?? null,
    extra: extraOf(mapping, KNOWN),
    places: placesOf(mapping, scope.placeOf),
  };
}

/** One id, or a list of ids. Whether they exist is not for this file to say. */
function readDependsOn(scope: FieldScope): readonly string[] {
  const entry = scope.entries.get("depends_on");
  if (entry === undefined || entry.value === null || entry.value === "") return [];
  if (entry.oneLine && isReference(entry.value)) return [entry.value];
  if (Array.isArray(entry.value) && entry.value.every(isReference)) return [...new Set<string>(entry.value)];
  const hint = "Write one workplan id, or a list with one id in each line";
  scope.problems.push(
    wrongValue(scope, entry, { key: "depends_on", expected: "an id or a list of ids", hint }, "not_an_id_list"),
  );
  return [];
}

/** Kept in an index of the hub: no longer than an id can be. */
function isReference(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_ID && !value.includes("\n");
}
