// The facts that a plan stands on, as they are read: which hub, which files, which versions of which rows.
import type { Reader, Transaction } from "../../db/handles.ts";
import { idsIn } from "../../db/ids_in.ts";
import { printableUrl, scrubText } from "../../secret.ts";
import type { HubSnapshot } from "../hub_snapshot.ts";
import type { RepoPlan } from "../repo_plan.ts";
import type { Sighting } from "../sight.ts";
import type { PlanBody, PlanEvidence, PlannedPass } from "./plan_document.ts";
import type { ReadRepo } from "./plan_watch.ts";
import { nameOf } from "./planned_rows.ts";

/** Which database this is: no copy of it has the same three. */
export async function hubIdentity(sql: Reader): Promise<PlanBody["hub"]> {
  const [row] = await sql<PlanBody["hub"][]>`
    select instance_id, system_identifier::text as system_identifier, current_database() as database
    from hub_instance, pg_control_system()`;
  if (!row) throw new Error("the hub has no instance row");
  return { ...row };
}

export function evidenceOf({ repo, sighting, order, reading }: ReadRepo): PlanEvidence {
  return {
    id: repo.id,
    slug: repo.slug,
    source: sourceOf(sighting),
    branch: sighting.tip.branch,
    commit: reading.commit,
    tree: reading.tree,
    order,
    last_source_commit: repo.last_source_commit,
    blobs: reading.files.map(({ blob, reading: file }) => [file.path, blob]),
  };
}

function sourceOf({ checkout, remote }: Sighting): string {
  if (remote === null) return checkout.path;
  return remote.own?.path ?? scrubText(printableUrl(remote.remote.url));
}

/** Of every row of the snapshot, in the same transaction and before anything is written. Sorted by id. */
export async function versionsOf(tx: Transaction, hub: HubSnapshot): Promise<PlannedPass["versions"]> {
  const names = new Map([...hub.workstreams, ...hub.tasks].map((row) => [row.id, nameOf(row)]));
  const [workstreams, tasks] = [hub.workstreams, hub.tasks].map((rows) => rows.map(({ id }) => id));
  const [found] = await tx<{ versions: { id: string; version: number }[] }[]>`
    select coalesce(json_agg(json_build_object('id', id, 'version', version) order by id), '[]') as versions from (
      select id, version from workstreams where id in (${idsIn(tx, workstreams ?? [])})
      union all
      select id, version from tasks where id in (${idsIn(tx, tasks ?? [])})
    ) as rows`;
  return (found?.versions ?? []).map(({ id, version }) => ({ id, row: names.get(id) ?? id, version }));
}

/** The hub would take note of another commit, or of other files, than it knows. */
export function isNews(plan: RepoPlan, hub: HubSnapshot): boolean {
  if (hub.last_source_commit !== plan.commit || hub.files.length !== plan.files.length) return true;
  const known = new Map(hub.files.map((file) => [file.path, file]));
  return plan.files.some(({ path, blob, state, workplan_id, hub_id }) => {
    const was = known.get(path);
    return was?.blob !== blob || was.state !== state || was.workplan_id !== workplan_id || was.hub_id !== hub_id;
  });
}
