// Jobs: one made from a CronJob's own template, so that what is tried once by hand is what will run by schedule, and how far
// one has come.
import { z } from "zod";
import { OpsFailure } from "../failure.ts";
import { askFor, type ClusterDoor, type CronJobState, kubectl, readJson, runKubectl } from "./cluster.ts";

export interface JobState {
  readonly name: string;
  readonly uid: string;
  /** Of the CronJob that it belongs to. */
  readonly ownerUid: string | null;
  /** Made by a person from a CronJob's template, not by its schedule. */
  readonly manual: boolean;
  readonly createdAt: Date;
  /** Pods that run. */
  readonly active: number;
  /** null: it has not ended. */
  readonly ended: "complete" | "failed" | null;
  /** "BackoffLimitExceeded", "DeadlineExceeded", with the cluster's own words; null where it gave none. */
  readonly reason: string | null;
}

export interface JobTerms {
  readonly name: string;
  /** Instead of the template's own arguments. */
  readonly args: readonly string[];
}

/** kubectl-create-job(1) --from=cronjob/NAME marks its Jobs so, and everyone looks for that. */
const INSTANTIATE = "cronjob.kubernetes.io/instantiate";

const Container = z.looseObject({ name: z.string(), args: z.array(z.string()).optional() });
const Template = z.object({
  metadata: z
    .object({
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  spec: z.looseObject({
    template: z.looseObject({ spec: z.looseObject({ containers: z.tuple([Container]) }) }),
  }),
});

/**
 * What the CronJob's one container is started with.
 * @throws OpsFailure for a CronJob with no, or another, template
 */
export function argsOf(cronJob: CronJobState): readonly string[] {
  return templateOf(cronJob).spec.template.spec.containers[0].args ?? [];
}

/**
 * The manifest of a Job as the CronJob would start it, with other arguments.
 * @throws OpsFailure for a CronJob with no, or another, template
 */
export function jobFrom(cronJob: CronJobState, { name, args }: JobTerms): Record<string, unknown> {
  const { metadata, spec } = templateOf(cronJob);
  const [container] = spec.template.spec.containers;
  const pod = { ...spec.template.spec, containers: [{ ...container, args: [...args] }] };
  const owner = { apiVersion: "batch/v1", kind: "CronJob", name: cronJob.name, uid: cronJob.uid, controller: true };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      labels: metadata?.labels ?? {},
      annotations: { ...metadata?.annotations, [INSTANTIATE]: "manual" },
      ownerReferences: [owner],
    },
    spec: { ...spec, template: { ...spec.template, spec: pod } },
  };
}

function templateOf(cronJob: CronJobState): z.infer<typeof Template> {
  const read = Template.safeParse(cronJob.spec.jobTemplate);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new OpsFailure("Could not take a Job from the CronJob's template", {
    observed: `${issue?.path.join(".") || "jobTemplate"}: ${issue?.message ?? "not to be read"}`,
    expected: "a jobTemplate with one container",
    where: `CronJob ${cronJob.name}`,
    hint: `kubectl get cronjobs.batch ${cronJob.name} --output=yaml`,
  });
}

const Job = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    creationTimestamp: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
    ownerReferences: z.array(z.object({ kind: z.string(), uid: z.string() })).optional(),
  }),
  status: z
    .object({
      active: z.number().optional(),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .nullish(),
    })
    .optional(),
});
const Jobs = z.object({ items: z.array(Job) });

/** @throws OpsFailure when the cluster cannot be asked, or has a Job of that name already */
export async function createJob(door: ClusterDoor, manifest: Readonly<Record<string, unknown>>): Promise<JobState> {
  return stateFrom(readJson(Job, await runKubectl(door, kubectl.createJob(door), JSON.stringify(manifest))));
}

/**
 * @returns null when the cluster says that it has none of that name
 * @throws OpsFailure when it cannot be asked
 */
export async function jobState(door: ClusterDoor, name: string): Promise<JobState | null> {
  const answer = await askFor(door, kubectl.getJob(door, name), `jobs.batch "${name}" not found`);
  return answer === null ? null : stateFrom(readJson(Job, answer));
}

/**
 * Every Job that is a CronJob's, by its schedule or made from it by hand, oldest first.
 * @throws OpsFailure when the cluster cannot be asked
 */
export async function jobsOfCronJob(door: ClusterDoor, cronJob: Pick<CronJobState, "uid">): Promise<JobState[]> {
  const { items } = readJson(Jobs, await runKubectl(door, kubectl.listJobs(door)));
  return items
    .map(stateFrom)
    .filter(({ ownerUid }) => ownerUid === cronJob.uid)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

function stateFrom({ metadata, status }: z.infer<typeof Job>): JobState {
  const end = status?.conditions?.find(({ type, status }) => /^(Complete|Failed)$/.test(type) && status === "True");
  const reason = [end?.reason, end?.message].filter(Boolean).join(": ");
  return {
    name: metadata.name,
    uid: metadata.uid,
    ownerUid: metadata.ownerReferences?.find(({ kind }) => kind === "CronJob")?.uid ?? null,
    manual: metadata.annotations?.[INSTANTIATE] === "manual",
    createdAt: new Date(metadata.creationTimestamp),
    active: status?.active ?? 0,
    ended: end === undefined ? null : end.type === "Complete" ? "complete" : "failed",
    reason: reason === "" ? null : reason,
  };
}
