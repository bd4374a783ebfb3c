// Workplans as people write them: 4 KB, eight tasks with their hub ids, prose in between. The same number always gives
// the same bytes, so that two runs, and the two sides of one, read the same files.

export const TASKS_PER_WORKPLAN = 8;
const PROSE =
  "The sweep reads the tip of the default branch and nothing else, so the order of the steps matters: first land the " +
  "definition, then compare both schedules for two days, and only then stop the old timer. Nothing is deleted on the " +
  "way; what was switched off stays installed until the runbook says otherwise.";
const STEPS = [
  "- prove it on the canary first",
  "- keep the old unit archived, not removed",
  "- note the run ids below",
];

/** @param number unique in the run: workplan id and hub ids come from it */
export function workplanText(number: number, status = "active"): string {
  const id = workplanId(number);
  const front = [
    `id: ${id}`,
    "type: workplan",
    `title: "Move schedule ${number} to the cluster (activity-core)"`,
    "domain: custodian",
    "repo: state-hub",
    `status: ${status}`,
    "owner: codex",
    "topic_slug: custodian",
    'created: "2026-06-21"',
    `updated: "${new Date().toISOString().slice(0, 10)}"`,
    `state_hub_workstream_id: "${hubId(number, 0)}"`,
  ];
  const tasks = Array.from({ length: TASKS_PER_WORKPLAN }, (_, index) => taskText(number, index + 1));
  return `---\n${front.join("\n")}\n---\n\n# ${id} — Move schedule ${number}\n\n${PROSE}\n\n## Scope\n\n${tasks.join("\n")}`;
}

/** As it is before any hub has seen it. */
export function withoutHubIds(text: string): string {
  return text.replace(/^state_hub_\w+_id: .*\n/gm, "");
}

export function workplanId(number: number): string {
  return `BENCH-WP-${String(number).padStart(5, "0")}`;
}

function taskText(number: number, index: number): string {
  const id = `${workplanId(number)}-T${String(index).padStart(2, "0")}`;
  const done = index <= 3;
  return [
    `### T${String(index).padStart(2, "0")} — Step ${index} of schedule ${number}`,
    "",
    "```task",
    `id: ${id}`,
    `status: ${done ? "done" : "todo"}`,
    `priority: ${index % 2 === 0 ? "high" : "medium"}`,
    ...(done ? ['completed: "2026-06-21"'] : []),
    `state_hub_task_id: "${hubId(number, index)}"`,
    "```",
    "",
    PROSE.slice(0, 150 + 10 * index),
    "",
    ...STEPS,
    "",
  ].join("\n");
}

// Version and variant bits as RFC 9562 wants them for version 7.
function hubId(number: number, index: number): string {
  return `01900000-${index.toString(16).padStart(4, "0")}-7000-8000-${number.toString(16).padStart(12, "0")}`;
}
