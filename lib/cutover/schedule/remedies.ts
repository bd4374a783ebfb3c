// The commands that put a schedule right, in one place: what a status tells an operator to type is what a plan does.
import { join } from "node:path";
import { shellQuoted } from "../../shell_quoted.ts";
import type { ScheduleWorld } from "./world.ts";

export const RELOAD = "systemctl --user daemon-reload";

export const enableTimer = (unit: string): string => `systemctl --user enable --now ${shellQuoted(unit)}`;
export const disableTimer = (unit: string): string => `systemctl --user disable --now ${shellQuoted(unit)}`;
export const unmask = (unit: string): string => `systemctl --user unmask ${shellQuoted(unit)} && ${RELOAD}`;

/** Out of the manager's sight, and back with one mv: what has another ending is no unit. */
export function retireUnit(fragment: string): string {
  return `mv ${shellQuoted(fragment)} ${shellQuoted(`${fragment}.retired`)} && ${RELOAD}`;
}

/** Takes the toolkit's own units into use, as links: they follow the toolkit from then on. */
export function linkUnits({ unitFolder }: ScheduleWorld, units: readonly string[]): string {
  return `systemctl --user link ${units.map((unit) => shellQuoted(join(unitFolder, unit))).join(" ")}`;
}

/** Puts the toolkit's text where the manager reads the unit from, be that a copy or a link. */
export function asShipped({ unitFolder }: ScheduleWorld, unit: string, fragment: string): string {
  return `install -m 644 ${shellQuoted(join(unitFolder, unit))} ${shellQuoted(fragment)} && ${RELOAD}`;
}

export function withoutDropIns(paths: readonly string[]): string {
  return `rm ${paths.map(shellQuoted).join(" ")} && ${RELOAD}`;
}

export function suspendCronJob(world: ScheduleWorld): string {
  const patch = shellQuoted(JSON.stringify({ spec: { suspend: true } }));
  return `${inCluster(world)} patch cronjobs.batch ${world.unitName} --type=merge --patch=${patch}`;
}

/** What the pod of a Job said, and why it ended. */
export function readLog(world: Pick<ScheduleWorld, "cluster">, job: string): string {
  return `${inCluster(world)} logs job/${job}`;
}

/** Why a Job has no pod, or one that does not start. */
export function describeJob(world: Pick<ScheduleWorld, "cluster">, job: string): string {
  return `${inCluster(world)} describe job/${job}`;
}

/** @param unsuspended as it is from the day of the move on: the other manifests would suspend it again */
export function applyManifests({ cluster }: Pick<ScheduleWorld, "cluster">, unsuspended: boolean): string {
  const context = cluster.context === null ? "" : ` --context=${shellQuoted(cluster.context)}`;
  return `kubectl${context} apply -k ${unsuspended ? "k8s/apps-after-switch" : "k8s/apps"}`;
}

function inCluster({ cluster }: Pick<ScheduleWorld, "cluster">): string {
  const context = cluster.context === null ? "" : ` --context=${shellQuoted(cluster.context)}`;
  return `kubectl${context} --namespace=${cluster.namespace}`;
}
