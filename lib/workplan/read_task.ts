// One task block: its YAML, its fields, its title. A block fails alone: what is wrong with it is told, and its neighbours
// are read as if it were not there.
import type { Entry, Mapping, MappingLimits } from "../front_matter/mapping.ts";
import { readMapping } from "../front_matter/read_mapping.ts";
import { isTaskId, TASK_RULES } from "./field_rules.ts";
import { MAX_BLOCK_BYTES, MAX_DEPTH, MAX_KEYS } from "./limits.ts";
import type { Fence } from "./outline.ts";
import { problemAt } from "./problem.ts";
import { extraOf, type FieldScope, identityIn, mappingProblem, placesOf, readFields } from "./read_fields.ts";
import { taskTitle } from "./task_title.ts";
import type { FailedBlock, Place, Priority, Problem, TaskBlock, TaskStatus } from "./types.ts";

const KNOWN = new Set(TASK_RULES.map((rule) => rule.key));

/** A block as read: the task, or its remains, with what a splice needs to find its values again. */
export interface ReadBlock {
  readonly fence: Fence;
  readonly task: TaskBlock | null;
  readonly remains: FailedBlock;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly problems: readonly Problem[];
  readonly marks: number;
}

type PlaceOf = (offset: number) => Place;

/** Reads the block behind a fence. `maxMarks` is what is left of the file's budget for the full YAML parser. */
export function readTask(text: string, fence: Fence, placeOf: PlaceOf, maxMarks: number): ReadBlock {
  const place = placeOf(fence.markStart);
  const refused = refuseFence(fence, place);
  const mapping = readContent(text, fence, maxMarks);
  const id = mapping.entries.get("id")?.value;
  const subject = typeof id === "string" ? id : null;
  const problems = mapping.problems.map((found) =>
    mappingProblem(found, placeOf(found.offset), "task_block_unreadable", subject),
  );
  if (refused !== null) problems.push(refused);
  const scope: FieldScope = {
    entries: mapping.entries,
    placeOf,
    home: place,
    missing: "task_invalid",
    invalid: "task_invalid",
    subject,
    problems,
  };
  const task = problems.length > 0 ? null : taskOf(scope, mapping, fence);
  const ids = task ?? identityIn(mapping, "state_hub_task_id", isTaskId);
  const remains = { id: ids.id, hubId: ids.hubId, line: place.line, column: place.column };
  return { fence, task, remains, entries: mapping.entries, problems, marks: mapping.marks };
}

function taskOf(scope: FieldScope, mapping: Mapping, fence: Fence): TaskBlock | null {
  const values = readFields(scope, TASK_RULES);
  if (scope.problems.length > 0) return null;
  const id = values.get("id") ?? "";
  return {
    line: scope.home.line,
    column: scope.home.column,
    id,
    title: taskTitle(fence.heading?.text ?? null, id),
    status: values.get("status") as TaskStatus,
    priority: values.get("priority") as Priority,
    completed: values.get("completed") ?? null,
    needsHuman: values.get("needs_human") === "true",
    interventionNote: values.get("intervention_note") ?? null,
    hubId: values.get("state_hub_task_id")?.toLowerCase() ?? null,
    extra: extraOf(mapping, KNOWN),
    places: placesOf(mapping, scope.placeOf),
  };
}

const UNREADABLE: Mapping = { entries: new Map(), problems: [], marks: 0 };

function readContent(text: string, fence: Fence, maxMarks: number): Mapping {
  if (fence.kind !== "task" || !fence.closed) return UNREADABLE;
  const limits: MappingLimits = { maxBytes: MAX_BLOCK_BYTES, maxKeys: MAX_KEYS, maxDepth: MAX_DEPTH, maxMarks };
  if (fence.indent === 0) return readMapping(text, fence.contentStart, fence.contentEnd, limits);
  return readIndented(text, fence, limits);
}

/** A block under an indented fence: its lines lose up to as many spaces, and offsets are carried back to the file. */
function readIndented(text: string, fence: Fence, limits: MappingLimits): Mapping {
  const content = text.slice(fence.contentStart, fence.contentEnd);
  const pieces: { readonly from: number; readonly removed: number }[] = [];
  let bare = "";
  let removed = 0;
  for (const line of content.split(/(?<=\n)/)) {
    const cut = Math.min(fence.indent, line.length - line.replace(/^ +/, "").length);
    removed += cut;
    pieces.push({ from: bare.length, removed });
    bare += line.slice(cut);
  }
  const toFile = (offset: number) => {
    const piece = pieces.findLast(({ from }) => from <= offset);
    return fence.contentStart + offset + (piece?.removed ?? 0);
  };
  const mapping = readMapping(bare, 0, bare.length, limits);
  const entries = new Map<string, Entry>();
  for (const [key, entry] of mapping.entries) {
    const valueStart = toFile(entry.valueStart);
    const valueEnd = entry.oneLine ? valueStart + (entry.valueEnd - entry.valueStart) : toFile(entry.valueEnd);
    entries.set(key, { ...entry, keyStart: toFile(entry.keyStart), valueStart, valueEnd });
  }
  const problems = mapping.problems.map((problem) => ({ ...problem, offset: toFile(problem.offset) }));
  return { entries, problems, marks: mapping.marks };
}

function refuseFence(fence: Fence, place: Place): Problem | null {
  const kind = "task_block_unreadable";
  if (fence.kind === "contained") {
    return problemAt(place, {
      kind,
      code: "in_container",
      message: "A task block stands inside a list or a quote",
      expected: "a fence at the start of a line, outside lists and quotes",
      hint: "Move the block out of the list or quote, to the start of the line",
    });
  }
  if (fence.closed) return null;
  const hides = fence.kind === "swallowed";
  return problemAt(place, {
    kind,
    code: hides ? "unclosed_and_hiding" : "unclosed_fence",
    message: hides ? "An unclosed fence or comment hides the task blocks below it" : "A task block is not closed",
    expected: "a closing line, of the same mark and at least as long",
    hint: hides ? "Close it before the next task block" : "Add the closing line below the block's last key",
  });
}
