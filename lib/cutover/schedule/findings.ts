// What is not as it should be with a schedule and with those who may own it, each with the command that puts it right. A row
// looks at what was seen and asks nothing: adding one is adding a row.
import { OLDEST_KUBECTL } from "../../kubernetes/kubectl_failure.ts";
import { cronJobDrift } from "./cron_job_drift.ts";
import { forCluster } from "./own_commands.ts";
import { applyManifests, disableTimer, retireUnit } from "./remedies.ts";
import { type Seen, saidBy } from "./seen.ts";
import type { OwnedBy, OwnerSight, ScheduleFinding, ScheduleVerdict } from "./sight.ts";
import { startByTimer } from "./start_by_timer.ts";
import { unitFindings } from "./unit_findings.ts";
import { OLD_TIMER, type ScheduleWorld } from "./world.ts";

export interface Judged {
  readonly world: ScheduleWorld;
  readonly seen: Seen;
  readonly owners: readonly OwnerSight[];
  readonly verdict: ScheduleVerdict;
  readonly parallelSince: string | null;
  /** By the journal of the move; null: nothing was ever moved, or it was not asked. */
  readonly ownedBy: OwnedBy | null;
}

type Row = (judged: Judged) => readonly ScheduleFinding[];

export function findingsOf(judged: Judged): ScheduleFinding[] {
  return ROWS.flatMap((row) => row(judged));
}

const ofId = ({ owners }: Judged, id: OwnerSight["id"]) => owners.find((each) => each.id === id);
const names = (owners: readonly OwnerSight[]) => owners.map(({ name }) => name).join(" and ");

const couldNotAsk: Row = ({ owners, world }) =>
  owners
    .filter(({ enabled }) => enabled === null)
    .map(({ id, detail, remedy }) => ({
      id: `${id}_unknown`,
      severity: "unknown",
      says: detail,
      remedy: remedy ?? forCluster(world.cluster, "scripts/cutover.ts schedule status"),
    }));

const twoFire: Row = (judged) => {
  if (judged.verdict !== "both") return [];
  const firing = judged.owners.filter(({ enabled }) => enabled === true);
  const stays = rightfulAmong(firing, judged.ownedBy);
  const ends = firing.filter((each) => each !== stays);
  const says = `${names(firing)} each fire; ${stays?.name} stays, unless you know better`;
  return [{ id: "both_enabled", severity: "error", says, remedy: ends.map(({ remedy }) => remedy).join(" && ") }];
};

/** Whom the journal names; without one the timer: a CronJob is applied suspended, and unsuspended by a move alone. */
function rightfulAmong(firing: readonly OwnerSight[], ownedBy: OwnedBy | null): OwnerSight | undefined {
  const order: readonly OwnerSight["id"][] =
    ownedBy?.owner === "cronjob" ? ["cronjob", "timer", "old_timer"] : ["timer", "old_timer", "cronjob"];
  return order.map((id) => firing.find((each) => each.id === id)).find((each) => each !== undefined);
}

const noneFires: Row = ({ verdict, ownedBy, world, seen }) => {
  if (verdict !== "none" || ownedBy?.owner === "cronjob") return [];
  return [
    { id: "none_enabled", severity: "error", says: "Nothing starts the sweep", remedy: startByTimer(world, seen) },
  ];
};

const cronLine: Row = (judged) => {
  const cron = ofId(judged, "cron");
  if (cron?.enabled !== true) return [];
  const says = `The account's cron table starts the sweep, and no move takes it along: ${cron.detail}`;
  return [{ id: "cron_line", severity: "error", says, remedy: "crontab -e" }];
};

const oldTimer: Row = (judged) => {
  const state = saidBy(judged.seen.oldTimer)?.state;
  if (state === undefined || state.load === "not-found" || state.load === "masked") return [];
  const owns = ofId(judged, "old_timer")?.enabled === true;
  const says = owns
    ? `The sweep is started under its old name, ${OLD_TIMER}`
    : `${OLD_TIMER} is still installed, ${state.file}`;
  const off = disableTimer(OLD_TIMER);
  const remedy = judged.verdict === "timer" ? `${off} && ${startByTimer(judged.world, judged.seen)}` : off;
  return [
    { id: "old_timer", severity: "degraded", says, remedy: owns ? remedy : retireUnit(state.fragment ?? OLD_TIMER) },
  ];
};

const noLinger: Row = (judged) => {
  const fires = ["timer", "old_timer"].some((id) => judged.owners.some((each) => each.id === id && each.enabled));
  if (judged.seen.lingers !== false || !fires) return [];
  const says = "The account does not linger: its timers end with its last login";
  return [{ id: "linger_off", severity: "degraded", says, remedy: "loginctl enable-linger" }];
};

const oldKubectl: Row = ({ seen }) => {
  const version = saidBy(seen.kubectl);
  if (version === null || version.newEnough) return [];
  const says = `kubectl is ${version.version}: the manifests want ${OLDEST_KUBECTL} or newer`;
  return [{ id: "kubectl_old", severity: "degraded", says, remedy: "kubectl version --client" }];
};

const cronJobAsRendered: Row = ({ seen, world }) => {
  const state = saidBy(seen.cronJob);
  const drift = state === null ? [] : cronJobDrift(world.cronJobManifest, state.spec);
  if (drift.length === 0) return [];
  const says = `The CronJob is not what k8s/apps says: ${drift.join("; ")}`;
  const remedy = applyManifests(world, state?.suspended === false);
  return [{ id: "cronjob_edited", severity: "error", says, remedy }];
};

const cronJobMissing: Row = ({ seen, world, ownedBy }) => {
  if (!("said" in seen.cronJob) || seen.cronJob.said !== null) return [];
  const owns = ownedBy?.owner === "cronjob";
  const says = `The cluster has no CronJob ${world.unitName}${owns ? `, which owns the schedule since ${ownedBy.since}` : ""}`;
  return [
    {
      id: "cronjob_missing",
      severity: owns ? "error" : "degraded",
      says,
      remedy: applyManifests(world, owns),
    },
  ];
};

const cronJobSuspended: Row = ({ seen, world, ownedBy }) => {
  const state = saidBy(seen.cronJob);
  if (ownedBy?.owner !== "cronjob" || state?.suspended !== true) return [];
  const says = `The CronJob is suspended, and owns the schedule since ${ownedBy.since}; was k8s/apps applied without the move?`;
  return [{ id: "cronjob_suspended", severity: "error", says, remedy: applyManifests(world, true) }];
};

const anotherOwner: Row = ({ verdict, ownedBy, world }) => {
  if (ownedBy === null || (verdict !== "timer" && verdict !== "cronjob") || verdict === ownedBy.owner) return [];
  const [is, should] = verdict === "timer" ? ["timer", "CronJob"] : ["CronJob", "timer"];
  const says = `The ${is} owns the schedule, and by the journal it is the ${should}'s since ${ownedBy.since}`;
  const way = `scripts/cutover.ts schedule ${verdict === "timer" ? "switch" : "rollback"}`;
  const remedy = forCluster(world.cluster, way);
  return [{ id: "journal_disagrees", severity: "degraded", says, remedy }];
};

const sideBySide: Row = ({ verdict, parallelSince, world }) => {
  if (verdict !== "parallel") return [];
  const says = `Timer and CronJob run side by side by intention, since ${parallelSince}`;
  const remedy = forCluster(world.cluster, "scripts/cutover.ts schedule canary --parallel --end");
  return [{ id: "parallel_run", severity: "degraded", says, remedy }];
};

const ROWS: readonly Row[] = [
  couldNotAsk,
  twoFire,
  noneFires,
  cronLine,
  oldTimer,
  ({ seen, world }) => unitFindings(seen, world),
  noLinger,
  oldKubectl,
  cronJobMissing,
  cronJobSuspended,
  cronJobAsRendered,
  anotherOwner,
  sideBySide,
];
