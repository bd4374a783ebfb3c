// CronJobs that would start twice, late, or in another hour.
import { BACKUP, CLEANUP, firstOf, podOf, SWEEP, type Twin, twin } from "./twin.ts";

export const CRON_JOBS: readonly Twin[] = [
  twin("cronjob-utc", SWEEP, "no time zone", (job) => delete job.spec.timeZone),
  twin("cronjob-utc", SWEEP, "a zone with summer time", (job) => {
    job.spec.timeZone = "Europe/Berlin";
  }),
  twin("cronjob-utc", CLEANUP, "a zone in the schedule", (job) => {
    job.spec.schedule = "CRON_TZ=Europe/Berlin 0 3 * * *";
  }),
  twin("cronjob-one-at-a-time", SWEEP, "Allow", (job) => {
    job.spec.concurrencyPolicy = "Allow";
  }),
  twin("cronjob-one-at-a-time", SWEEP, "retries", (job) => delete job.spec.jobTemplate.spec.backoffLimit),
  twin("cronjob-one-at-a-time", CLEANUP, "restarts", (job) => {
    podOf(job).restartPolicy = "OnFailure";
  }),
  twin("cronjob-starting-deadline", SWEEP, "none", (job) => delete job.spec.startingDeadlineSeconds),
  twin("cronjob-starting-deadline", SWEEP, "shorter than the controller looks", (job) => {
    job.spec.startingDeadlineSeconds = 9;
  }),
  twin("cronjob-starting-deadline", SWEEP, "as long as the period", (job) => {
    job.spec.startingDeadlineSeconds = 900;
  }),
  twin("cronjob-budget", SWEEP, "no deadline", (job) => delete job.spec.jobTemplate.spec.activeDeadlineSeconds),
  twin("cronjob-budget", SWEEP, "a deadline that is the script's budget", (job) => {
    job.spec.jobTemplate.spec.activeDeadlineSeconds = 300;
  }),
  twin("cronjob-budget", CLEANUP, "a script without a budget", (job) => {
    firstOf(job).args = firstOf(job).args.filter((word: string) => !["--max-seconds", "300"].includes(word));
  }),
  twin("cronjob-budget", BACKUP, "no time to stop, for a script that has no budget", (job) => {
    podOf(job).terminationGracePeriodSeconds = 10;
  }),
  twin("cronjob-budget", BACKUP, "a deadline beyond the next night", (job) => {
    job.spec.jobTemplate.spec.activeDeadlineSeconds = 86_400;
  }),
  twin("cronjob-budget", SWEEP, "a deadline beyond the next slot", (job) => {
    job.spec.schedule = "*/5 * * * *";
  }),
  twin("cronjob-suspended", SWEEP, "awake", (job) => {
    job.spec.suspend = false;
  }),
  twin("cronjob-suspended", BACKUP, "awake", (job) => {
    job.spec.suspend = false;
  }),
  twin("cronjob-suspended", CLEANUP, "not said", (job) => delete job.spec.suspend),
  twin(
    "cronjob-suspended",
    SWEEP,
    "asleep after the switch",
    (job) => {
      job.spec.suspend = true;
    },
    "apps-after-switch",
  ),
  twin("cronjob-name", `CronJob/${"x".repeat(53)}`, "53 characters", (job) => {
    job.metadata.name = "x".repeat(53);
  }),
  twin("cronjob-history", CLEANUP, "no other one is kept", (job) => {
    job.spec.successfulJobsHistoryLimit = 0;
  }),
  twin("cronjob-history", SWEEP, "no failed one is kept", (job) => {
    job.spec.failedJobsHistoryLimit = 0;
  }),
];
