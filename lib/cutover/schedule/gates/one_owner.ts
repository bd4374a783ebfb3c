// The schedule is where the move takes it from: with nobody, or with two at once, a move would only hide what is wrong.
import { openMove } from "../move_journal.ts";
import type { ActName } from "../move_terms.ts";
import { forCluster } from "../own_commands.ts";
import type { ScheduleVerdict } from "../sight.ts";
import { type Gate, pass, refuse, unknown } from "./gate.ts";

/** Back goes also what is in nobody's hands, or in two: that is what going back is for. */
const FROM: Readonly<Partial<Record<ActName, readonly ScheduleVerdict[]>>> = {
  switch: ["timer", "parallel"],
  parallel: ["timer"],
  "end-parallel": ["parallel"],
  rollback: ["cronjob", "none", "both"],
};

export const oneOwner: Gate = {
  id: "one_owner",
  claim: "The schedule has the owner that this move takes it from",
  remedy: "scripts/cutover.ts schedule status",
  look: ({ status, terms, entries, move }) => {
    const { verdict, owners } = status;
    const names = owners.filter(({ enabled }) => enabled !== false).map(({ name }) => name);
    const says = `${WORDS[verdict]}${names.length === 0 ? "" : `: ${names.join(", ")}`}`;
    if (verdict === "unknown" && !terms.cluster_is_gone) return unknown(says, firstRemedy(status));
    if (verdict === "unknown") return pass(`${says}; the cluster is said to be gone`);
    // What a move left half done may be anything: it is brought back from there.
    if (terms.act === "rollback" && openMove(entries) !== null) return pass(`${says}; a move was left half done`);
    if (terms.act === "rollback" && verdict === "parallel")
      return refuse(says, forCluster(move.world.cluster, "scripts/cutover.ts schedule canary --parallel --end"));
    return FROM[terms.act]?.includes(verdict) ? pass(says) : refuse(says, firstRemedy(status));
  },
};

/** What ends the double, or answers the question, as whoever looked at the owners says. */
function firstRemedy({
  findings,
}: {
  readonly findings: readonly { readonly remedy: string; readonly severity: string }[];
}) {
  return findings.find(({ severity }) => severity !== "degraded")?.remedy;
}

const WORDS: Readonly<Record<ScheduleVerdict, string>> = {
  timer: "The timer owns it",
  cronjob: "The CronJob owns it",
  parallel: "Timer and CronJob run side by side, by intention",
  foreign: "A cron line owns it, which no move takes along",
  none: "Nobody owns it",
  both: "Two own it at once",
  unknown: "Not every owner could be asked",
};
