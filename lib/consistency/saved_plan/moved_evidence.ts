// What is no longer as a plan found it, of all that the plan was computed from: scope, commits, files, row versions. (pure)
import { canonical } from "../../canonical.ts";
import type { PlanBody, PlanEvidence, PlannedPass } from "./plan_document.ts";

const SHORT = 12;

/** Of the repositories that the plan is about, each that is gone or new. */
export function movedScope(plan: Pick<PlanBody, "in_scope">, now: Pick<PlanBody, "in_scope">): string[] {
  const [before, after] = [plan, now].map(({ in_scope }) => new Map(in_scope.map(({ id, slug }) => [id, slug])));
  return [
    ...listed(before, (id, slug) => (after?.has(id) ? null : `the repository ${slug} is gone from the scope`)),
    ...listed(after, (id, slug) => (before?.has(id) ? null : `the repository ${slug} is new in the scope`)),
    ...listed(before, (id, slug) => {
      const other = after?.get(id);
      return other === undefined || other === slug ? null : `the repository ${slug} is called ${other}`;
    }),
  ];
}

/** @param now what was read of it this time; undefined when it could not be */
export function movedEvidence(plan: PlanEvidence, now: PlanEvidence | undefined): string[] {
  const { slug } = plan;
  if (now === undefined) return [`${slug} could not be read`];
  const facts: [string, string | null, string | null][] = [
    [`the source of ${slug}`, plan.source, now.source],
    [`the branch of ${slug}`, plan.branch, now.branch],
    [`the commit of ${slug}`, short(plan.commit), short(now.commit)],
    [`the commit that was applied last to ${slug}`, short(plan.last_source_commit), short(now.last_source_commit)],
    [`the order of that commit and the tip of ${slug}`, plan.order, now.order],
  ];
  const moved = facts.filter(([, was, is]) => was !== is).map(([what, was, is]) => fromTo(what, was, is));
  const files = movedFiles(plan, now);
  if (moved.length + files.length === 0 && plan.tree !== now.tree) return [`the workplans folder of ${slug}`];
  return [...moved, ...files];
}

function movedFiles({ slug, blobs }: PlanEvidence, now: PlanEvidence): string[] {
  const [before, after] = [new Map(blobs), new Map(now.blobs)];
  return [
    ...listed(before, (path, blob) => {
      const other = after.get(path);
      if (other === blob) return null;
      if (other === undefined) return `the file ${path} of ${slug} is gone`;
      return fromTo(`the blob of ${path} in ${slug}`, short(blob), short(other));
    }),
    ...listed(after, (path) => (before.has(path) ? null : `the file ${path} of ${slug} is new`)),
  ];
}

/** Rows that somebody wrote, made or removed. */
export function movedVersions(slug: string, plan: PlannedPass, now: Pick<PlannedPass, "versions">): string[] {
  if (canonical(plan.versions) === canonical(now.versions)) return [];
  const [before, after] = [plan.versions, now.versions].map((rows) => new Map(rows.map((each) => [each.id, each])));
  return [
    ...listed(before, (id, { row, version }) => {
      const is = after?.get(id);
      if (is === undefined) return `the row ${id} (${row}) of ${slug} is gone`;
      return is.version === version
        ? null
        : fromTo(`the version of row ${id} (${row}) in ${slug}`, version, is.version);
    }),
    ...listed(after, (id, { row }) => (before?.has(id) ? null : `the row ${id} (${row}) of ${slug} is new`)),
  ];
}

function listed<K, V>(map: ReadonlyMap<K, V> | undefined, say: (key: K, value: V) => string | null): string[] {
  return [...(map ?? [])].map(([key, value]) => say(key, value)).filter((text) => text !== null);
}

function fromTo(what: string, was: string | number | null, is: string | number | null): string {
  return `${what} from ${was ?? "none"} to ${is ?? "none"}`;
}

function short(id: string | null): string | null {
  return id === null ? null : id.slice(0, SHORT);
}
