// The schedule's status for people: its possible owners in one table, what is wrong with the command that mends it, and in one line
// who owns it.
import type { View } from "../../cli/define_script.ts";
import type { OpenMove } from "./move_journal.ts";
import { ACT_WORDS } from "./move_terms.ts";
import type { OwnedBy, ScheduleFinding, ScheduleStatus, ScheduleVerdict } from "./sight.ts";

export interface ShownStatus {
  readonly status: ScheduleStatus;
  readonly half: OpenMove | null;
  readonly owned: OwnedBy | null;
  readonly proof: { readonly slot: string; readonly source: string } | null;
  /** ISO 8601. */
  readonly slots: readonly string[];
  readonly schedule: string;
}

export function renderStatus(shown: ShownStatus, view: View): string {
  const { status } = shown;
  return [
    ownerTable(status, view),
    ...status.findings.map((each) => finding(each, view)),
    aboutMoves(shown, view),
    verdict(shown, view),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function ownerTable({ owners }: ScheduleStatus, { table, paint }: View): string {
  const word = (enabled: boolean | null) =>
    enabled === null ? paint.warning("could not tell") : enabled ? paint.ok("fires") : paint.dim("does not");
  // Two columns: a unit's name stays in one piece on a terminal of 80 columns too.
  const rows = owners.map(({ name, enabled, detail, next }) => [
    word(enabled),
    `${name}: ${detail}${next === null ? "" : `, next ${next.toISOString()}`}`,
  ]);
  return table([{ title: "fires" }, { title: "where, and what was seen" }], rows);
}

function finding({ id, severity, says, remedy }: ScheduleFinding, { paint }: View): string {
  const mark = severity === "error" ? paint.error(severity) : paint.warning(severity);
  return `${mark} ${id}: ${says}\n  ${remedy}`;
}

function aboutMoves({ half, owned, proof, slots, schedule }: ShownStatus, { paint }: View): string {
  return [
    `schedule: ${schedule} (UTC), next ${slots.join(", ")}`,
    ...(owned === null ? [] : [`moved to the ${owned.owner === "cronjob" ? "CronJob" : "timer"}: ${owned.since}`]),
    ...(proof === null ? [] : [`proven by a run of ${proof.source} in the slot of ${proof.slot}`]),
    ...(half === null ? [] : [paint.error(`half done: the ${ACT_WORDS[half.act]}, since ${half.since}`)]),
  ].join("\n");
}

function verdict({ status }: ShownStatus, { paint }: View): string {
  const { exitCode } = status;
  const colour = exitCode === 0 ? paint.ok : exitCode === 1 ? paint.error : paint.warning;
  return colour(WORDS[status.verdict]);
}

const WORDS: Readonly<Record<ScheduleVerdict, string>> = {
  timer: "The timer owns the schedule.",
  cronjob: "The CronJob owns the schedule. Apply k8s/apps-after-switch, never k8s/apps: that one would suspend it.",
  parallel: "Timer and CronJob run side by side, by intention.",
  foreign: "A cron line owns the schedule, and no move takes it along.",
  none: "Nobody owns the schedule: no sweep will start.",
  both: "Two own the schedule at once: sweeps run twice.",
  unknown: "Who owns the schedule could not be told.",
};
