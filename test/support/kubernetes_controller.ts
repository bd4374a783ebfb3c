// Plays the CronJob and Job controllers over a test's cluster, in real time: it starts what is due, by the rule of
// kubernetes_cron_rule.ts, calls the test for each Job, and writes down what it decided and why.
import { type CronGrid, cronGrid } from "../../lib/schedule/cron_grid.ts";
import { type CronFacts, decideCronJob } from "./kubernetes_cron_rule.ts";
import { ApiRefusal, type KubernetesObject, type KubernetesStore } from "./kubernetes_store.ts";

export interface PlayTerms {
  /** What a Job does; aborted when it outlives its deadline, is deleted, or the cluster goes. */
  readonly runJob: (job: KubernetesObject, signal: AbortSignal) => Promise<number>;
  /** Instead of spec.schedule, which has minutes at its finest: `*\/4 * * * * *`. */
  readonly gridOf?: (cronJob: KubernetesObject) => CronGrid;
}

export interface Started {
  readonly job: string;
  /** The slot that it was started for; null for a Job that somebody created. */
  readonly slot: Date | null;
  readonly at: Date;
  /** For a slot that was over already when the CronJob was created or unsuspended: the surprise run. */
  readonly makeUp: boolean;
}

export interface PlayedController {
  readonly started: readonly Started[];
  /** Every decision that differs from the one before, with its reason. */
  readonly decided: readonly string[];
  stop(): Promise<void>;
}

const SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp";

export function playControllers(store: KubernetesStore, { runJob, gridOf }: PlayTerms): PlayedController {
  const [started, decided]: [Started[], string[]] = [[], []];
  const [timers, runs] = [new Map<string, ReturnType<typeof setTimeout>>(), new Map<string, Run>()];
  const wakeful = new Map<string, Date>();
  const grid = gridOf ?? ((cronJob) => cronGrid(cronJob.spec.schedule));

  const sync = (uid: string) => {
    clearTimeout(timers.get(uid));
    const cronJob = store.list("cronjobs").find(({ metadata }) => metadata.uid === uid);
    if (cronJob === undefined) return;
    const now = new Date();
    if (cronJob.spec.suspend) wakeful.delete(uid);
    else if (!wakeful.has(uid)) wakeful.set(uid, now);
    const { start, lookAgain, why } = decideCronJob(factsOf(cronJob), grid(cronJob), now);
    const told = `${cronJob.metadata.name}: ${why}`;
    if (decided.at(-1) !== told) decided.push(told);
    // setTimeout() may be a millisecond early, and the queue's delta is larger than that.
    if (lookAgain !== null)
      timers.set(
        uid,
        setTimeout(() => sync(uid), lookAgain.getTime() - now.getTime()),
      );
    if (start !== null) begin(cronJob, start, now);
  };

  const begin = (cronJob: KubernetesObject, slot: Date, at: Date) => {
    const { name, namespace } = cronJob.metadata;
    const job = jobOf(cronJob, slot);
    try {
      const created = store.create("jobs", namespace, job);
      started.push({
        job: job.metadata.name,
        slot,
        at,
        makeUp: slot < (wakeful.get(cronJob.metadata.uid) ?? at),
      });
      const { uid } = created.metadata;
      const before = store.get("cronjobs", namespace, name);
      const active = [...(before.status?.active ?? []), { kind: "Job", name: job.metadata.name, uid }];
      store.setStatus("cronjobs", before, { ...before.status, active, lastScheduleTime: kubeTime(slot) });
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
    }
  };

  const runIt = (job: KubernetesObject) => {
    const [abort, { uid, name }] = [new AbortController(), job.metadata];
    if (job.metadata.annotations?.[SCHEDULED] === undefined)
      started.push({ job: name, slot: null, at: new Date(), makeUp: false });
    store.setStatus("jobs", job, { active: 1, ready: 1, startTime: kubeTime(new Date()) });
    const seconds = job.spec.activeDeadlineSeconds as number | undefined;
    const timer = seconds === undefined ? undefined : setTimeout(() => abort.abort("deadline"), seconds * 1_000);
    const ended = runJob(job, abort.signal)
      .catch((error) => (abort.signal.aborted ? 137 : Promise.reject(error)))
      .then((code) => {
        clearTimeout(timer);
        runs.delete(uid);
        end(job, code, abort.signal.aborted);
      });
    runs.set(uid, { abort, ended });
  };

  const end = (job: KubernetesObject, code: number, late: boolean) => {
    store.setStatus("jobs", job, endOf(code, late));
    const owner = job.metadata.ownerReferences?.find(({ kind }) => kind === "CronJob");
    const cronJob = store.list("cronjobs").find(({ metadata }) => metadata.uid === owner?.uid);
    if (cronJob === undefined) return;
    const before: { uid: string }[] = cronJob.status?.active ?? [];
    const active = before.filter(({ uid }) => uid !== job.metadata.uid);
    if (active.length < before.length) store.setStatus("cronjobs", cronJob, { ...cronJob.status, active });
  };

  const off = store.onChange(({ resource, object, gone }) => {
    // Not in the middle of the change that is told of.
    queueMicrotask(() => {
      if (resource === "cronjobs") return sync(object.metadata.uid);
      if (gone) return runs.get(object.metadata.uid)?.abort.abort("deleted");
      if (object.status?.startTime === undefined && !runs.has(object.metadata.uid)) runIt(object);
    });
  });
  for (const { metadata, spec } of store.list("cronjobs")) {
    if (!spec.suspend) wakeful.set(metadata.uid, new Date(metadata.creationTimestamp));
    sync(metadata.uid);
  }

  return {
    started,
    decided,
    stop: async () => {
      off();
      for (const timer of timers.values()) clearTimeout(timer);
      const open = [...runs.values()];
      for (const { abort } of open) abort.abort("the cluster goes");
      await Promise.allSettled(open.map(({ ended }) => ended));
    },
  };
}

interface Run {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

function factsOf({ spec, status, metadata }: KubernetesObject): CronFacts {
  return {
    suspended: spec.suspend,
    createdAt: new Date(metadata.creationTimestamp),
    lastScheduleTime: status?.lastScheduleTime ? new Date(status.lastScheduleTime) : null,
    startingDeadlineSeconds: spec.startingDeadlineSeconds ?? null,
    forbid: spec.concurrencyPolicy === "Forbid",
    active: status?.active?.length ?? 0,
  };
}

// getJobName() there has the minutes since 1970; a grid of seconds needs the seconds.
function jobOf(cronJob: KubernetesObject, slot: Date) {
  const { name, uid } = cronJob.metadata;
  const { metadata, spec } = cronJob.spec.jobTemplate;
  return {
    metadata: {
      name: `${name}-${slot.getTime() / 1_000}`,
      labels: metadata?.labels ?? {},
      annotations: { ...metadata?.annotations, [SCHEDULED]: kubeTime(slot) },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name, uid, controller: true }],
    },
    spec,
  };
}

function endOf(code: number, late: boolean) {
  const at = kubeTime(new Date());
  if (code === 0 && !late)
    return {
      succeeded: 1,
      startTime: at,
      completionTime: at,
      conditions: [{ type: "Complete", status: "True", reason: "CompletionsReached" }],
    };
  const [reason, message] = late
    ? ["DeadlineExceeded", "Job was active longer than specified deadline"]
    : ["BackoffLimitExceeded", "Job has reached the specified backoff limit"];
  return { failed: 1, startTime: at, conditions: [{ type: "Failed", status: "True", reason, message }] };
}

const kubeTime = (moment: Date) => `${moment.toISOString().slice(0, 19)}Z`;
