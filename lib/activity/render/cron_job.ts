// A scheduled activity as a Kubernetes CronJob. It is rendered, because a schedule or a deadline that is written twice is
// soon two: the file below k8s/apps is never edited by hand.
import { OpsFailure } from "../../failure.ts";
import type { Deadlines } from "../deadlines.ts";
import { type ActivityDefinition, unitNameOf } from "../definition.ts";
import { renderedHeader } from "../rendered_header.ts";
import { goesByHub } from "./by_hub.ts";
import { indented, pod, quoted, WAYS, type WayName } from "./cron_job_pod.ts";

/** A Job that failed on a Friday can still be looked at on a Monday. */
const KEPT_SECONDS = 7 * 24 * 60 * 60;

/**
 * The text of k8s/apps/cronjob-NAME.yaml. It is suspended: which schedule runs is decided by moving it, not by applying files.
 * @throws OpsFailure for a definition that an event starts: it has no schedule
 */
export function renderCronJob(definition: ActivityDefinition, deadlines: Deadlines): string {
  const name = unitNameOf(definition);
  if (!("cron" in definition.trigger)) {
    throw new OpsFailure("Could not render a CronJob", {
      observed: `${definition.id} is started by the event ${definition.trigger.event}`,
      expected: "a definition with a schedule",
    });
  }
  return [
    renderedHeader(definition),
    ...head(name, definition),
    "spec:",
    `  schedule: ${quoted(definition.trigger.cron)}`,
    ...SCHEDULING,
    `  startingDeadlineSeconds: ${deadlines.startingDeadlineSeconds}`,
    "  jobTemplate:",
    "    spec:",
    ...indented(6, job(name, definition, deadlines)),
    "",
  ].join("\n");
}

// Forbid holds off a second Job of this CronJob, not another scheduler's run: that is the work of the sweeps' lock.
const SCHEDULING = [
  "  timeZone: Etc/UTC",
  "  concurrencyPolicy: Forbid",
  "  # Moved by hand, with evidence: see runbooks/cutover_schedule.md.",
  "  suspend: true",
  "  successfulJobsHistoryLimit: 3",
  "  failedJobsHistoryLimit: 3",
  "  # A slot that is missed for longer than this is left out, also after the CronJob was suspended.",
];

function head(name: string, { id }: ActivityDefinition): string[] {
  return [
    "apiVersion: batch/v1",
    "kind: CronJob",
    "metadata:",
    `  name: ${name}`,
    "  namespace: state-hub",
    ...indented(2, labels(name)),
    "  annotations:",
    `    state-hub.io/definition: ${id}`,
  ];
}

function labels(name: string): string[] {
  return [
    "labels:",
    `  app.kubernetes.io/name: ${name}`,
    "  app.kubernetes.io/part-of: state-hub",
    "  app.kubernetes.io/component: scheduled-activity",
  ];
}

/** A failed run isn't repeated: the next slot is the repetition, and a second pod would hide the first one's log. */
function job(name: string, definition: ActivityDefinition, deadlines: Deadlines): string[] {
  const way: WayName = goesByHub(definition) ? "hub" : "database";
  return [
    "backoffLimit: 0",
    `activeDeadlineSeconds: ${deadlines.activeDeadlineSeconds}`,
    `ttlSecondsAfterFinished: ${KEPT_SECONDS}`,
    "template:",
    "  metadata:",
    ...indented(4, labels(name)),
    "      # The network policies go by this one.",
    `      state-hub.io/reaches: ${way}`,
    "  spec:",
    ...indented(4, pod(wordsOf(definition, way, deadlines), WAYS[way])),
  ];
}

function wordsOf({ instruction, requires }: ActivityDefinition, way: WayName, { maxSeconds }: Deadlines): string[] {
  const needs =
    requires.length === 0 ? [] : [...requires.flatMap((each) => ["--requires", each]), ...WAYS[way].patience];
  const budget = ["--max-seconds", String(maxSeconds)];
  return [...instruction.split(" "), ...needs, ...budget, ...WAYS[way].flags, "--source", "k8s-cronjob"];
}
