// A CronJob that starts twice, late, in another hour of the year, or not at all is a valid one to the API server.
import { shortestPeriod } from "../../../../lib/schedule/shortest_period.ts";
import { containersOf, type Manifest, nameOf, ofKind, podsIn } from "../manifest.ts";
import type { Rule, World } from "../rule.ts";

/** A controller looks every 10 s: a shorter deadline may never be met. */
const LEAST_STARTING_DEADLINE_S = 10;
/** To write the report, and for a pod to be had. */
const LEAST_ROOM_S = 60;
/** The API server adds a suffix of 11 to make the Job's name. */
const LONGEST_NAME = 52;

type Look = (spec: NonNullable<Manifest["spec"]>, cronJob: Manifest, world: World) => readonly (string | false)[];

function eachCronJob(look: Look) {
  return (world: World) =>
    ofKind(world.manifests, "CronJob").flatMap((each) =>
      look(each.spec, each, world).flatMap((says) => (says === false ? [] : [`${nameOf(each)}: ${says}`])),
    );
}

/** Seconds; a zone that stands in the schedule is another rule's affair. */
const periodOf = (schedule: string) => shortestPeriod(schedule.replace(/^.*TZ=\S+ /, "")) ?? 0;

/** To end what it started and take back what is half done; Kubernetes itself gives 30. */
const LEAST_GRACE_S = 30;

/** What stands against a pod's deadline; the empty string: nothing. A script without a budget is told to stop, and needs time for it. */
function unendedBy(deadline: number, cronJob: Manifest, { refusal }: World): string {
  const [pods] = podsIn([cronJob]);
  const args = pods === undefined ? [] : containersOf(pods).flatMap((each) => each.args ?? []);
  const at = args.indexOf("--max-seconds");
  if (at === -1 && refusal([...args, "--max-seconds", "60"]) !== null) {
    const grace = pods?.spec.terminationGracePeriodSeconds;
    return (grace ?? 0) >= LEAST_GRACE_S ? "" : `terminationGracePeriodSeconds is ${grace}`;
  }
  const budget = at === -1 ? Number.NaN : Number(args[at + 1]);
  if (budget + LEAST_ROOM_S <= deadline) return "";
  return `activeDeadlineSeconds is ${deadline}, the script's --max-seconds ${budget}`;
}

export const CRON_JOB_RULES: readonly Rule[] = [
  {
    id: "cronjob-utc",
    says: "A schedule is read in Etc/UTC, and names no zone itself: others skip or double an hour twice a year",
    look: eachCronJob(({ timeZone, schedule }) => [
      timeZone !== "Etc/UTC" && `timeZone is ${timeZone}`,
      /TZ=/.test(schedule) && `schedule is ${schedule}`,
    ]),
  },
  {
    id: "cronjob-one-at-a-time",
    says: "No run is started beside one that goes on, and none is repeated by the cluster",
    look: eachCronJob(({ concurrencyPolicy, jobTemplate }) => [
      concurrencyPolicy !== "Forbid" && `concurrencyPolicy is ${concurrencyPolicy}`,
      jobTemplate.spec.backoffLimit !== 0 && `backoffLimit is ${jobTemplate.spec.backoffLimit}`,
      jobTemplate.spec.template.spec.restartPolicy !== "Never" &&
        `restartPolicy is ${jobTemplate.spec.template.spec.restartPolicy}`,
    ]),
  },
  {
    id: "cronjob-starting-deadline",
    says: "A missed slot is left out: the starting deadline is at least 10 s and shorter than the period",
    look: eachCronJob(({ startingDeadlineSeconds: deadline, schedule }) => [
      !(deadline >= LEAST_STARTING_DEADLINE_S) && `startingDeadlineSeconds is ${deadline}`,
      deadline >= periodOf(schedule) && `startingDeadlineSeconds is ${deadline}, as long as the period`,
    ]),
  },
  {
    id: "cronjob-budget",
    says: "A pod is ended later than its script ends itself, or has time to stop, and sooner than the next slot",
    look: eachCronJob(({ jobTemplate, schedule }, cronJob, world) => {
      const deadline = jobTemplate.spec.activeDeadlineSeconds;
      return [
        deadline === undefined && "activeDeadlineSeconds is not set",
        unendedBy(deadline, cronJob, world) || false,
        deadline >= periodOf(schedule) && `activeDeadlineSeconds is ${deadline}, as long as the period`,
      ];
    }),
  },
  {
    id: "cronjob-suspended",
    says: "Applying the files starts no schedule that was not moved here",
    look: ({ manifests, awake }) =>
      ofKind(manifests, "CronJob")
        .filter(({ spec, metadata }) => spec.suspend !== !awake.includes(metadata.name))
        .map((each) => `${nameOf(each)}: suspend is ${each.spec.suspend}`),
  },
  {
    id: "cronjob-name",
    says: "A name has at most 52 characters",
    look: eachCronJob((_, { metadata }) => [
      metadata.name.length > LONGEST_NAME && `its name has ${metadata.name.length} characters`,
    ]),
  },
  {
    id: "cronjob-history",
    says: "How many ended Jobs are kept is said, failed ones too",
    look: eachCronJob(({ successfulJobsHistoryLimit: done, failedJobsHistoryLimit: failed }) => [
      !(done >= 1) && `successfulJobsHistoryLimit is ${done}`,
      !(failed >= 1) && `failedJobsHistoryLimit is ${failed}`,
    ]),
  },
];
