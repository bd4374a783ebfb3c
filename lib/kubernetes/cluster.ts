// The door to a cluster: kubectl, with the account's own kubeconfig. What it is told is argv, shown in a plan and then run as
// shown; what it could not be asked is a failure, never "there is none".
import { z } from "zod";
import { OpsFailure } from "../failure.ts";
import { run } from "../process/run.ts";
import { kubectlFailure } from "./kubectl_failure.ts";

export interface ClusterDoor {
  /** Of the kubeconfig; null: its current one. */
  readonly context: string | null;
  readonly namespace: string;
  /** kubectl's whole environment: HOME and KUBECONFIG lead it to the cluster. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** How long one request may take, by default 10; a whole command may take twice as long. */
  readonly requestSeconds?: number;
}

/** What decides on the argv: no environment, no signal. */
export type ClusterName = Pick<ClusterDoor, "context" | "namespace" | "requestSeconds">;

export interface CronJobState {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly suspended: boolean;
  /** As the cluster has it, with its defaults filled in. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly lastScheduleTime: Date | null;
  /** How many of its Jobs run. */
  readonly active: number;
}

export interface SuspendChange {
  readonly name: string;
  readonly suspend: boolean;
  /** That of the state that was looked at: a CronJob that was changed since is refused, not overwritten. */
  readonly resourceVersion: string;
  /** All annotations that it is to have from then on; left out, they stay. */
  readonly annotations?: Readonly<Record<string, string>>;
}

const CRON_JOBS = "cronjobs.batch";
const JOBS = "jobs.batch";
const REQUEST_SECONDS = 10;

const inCluster = ({ context, namespace, requestSeconds = REQUEST_SECONDS }: ClusterName, ...args: string[]) => [
  "kubectl",
  ...(context === null ? [] : [`--context=${context}`]),
  `--namespace=${namespace}`,
  `--request-timeout=${requestSeconds}s`,
  ...args,
];

/** What kubectl is told, as argv; each answers with JSON. */
export const kubectl = {
  clientVersion: (): string[] => ["kubectl", "version", "--client", "--output=json"],
  getCronJob: (cluster: ClusterName, name: string): string[] =>
    inCluster(cluster, "get", CRON_JOBS, name, "--output=json"),
  setSuspend: (cluster: ClusterName, change: SuspendChange): string[] =>
    inCluster(cluster, "patch", CRON_JOBS, change.name, "--type=json", `--patch=${patchOf(change)}`, "--output=json"),
  /** The manifest comes by stdin. It is the cluster's own template: there is nothing to validate it against. */
  createJob: (cluster: ClusterName): string[] =>
    inCluster(cluster, "create", "--validate=false", "--filename=-", "--output=json"),
  getJob: (cluster: ClusterName, name: string): string[] => inCluster(cluster, "get", JOBS, name, "--output=json"),
  /** All of the namespace: that a Job is a CronJob's stands in its owner, which no selector reads. */
  listJobs: (cluster: ClusterName): string[] => inCluster(cluster, "get", JOBS, "--output=json"),
  deleteJob: (cluster: ClusterName, name: string): string[] =>
    inCluster(cluster, "delete", JOBS, name, "--ignore-not-found=true", "--wait=false", "--output=name"),
} as const;

// A JSON patch (RFC 6902): the cluster does all of it, or nothing where a test does not hold.
function patchOf({ suspend, resourceVersion, annotations }: SuspendChange): string {
  return JSON.stringify([
    { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
    { op: "test", path: "/spec/suspend", value: !suspend },
    { op: "replace", path: "/spec/suspend", value: suspend },
    ...(annotations === undefined ? [] : [{ op: "add", path: "/metadata/annotations", value: annotations }]),
  ]);
}

const CronJob = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({ suspend: z.boolean().optional() }),
  status: z.object({ lastScheduleTime: z.string().nullish(), active: z.array(z.unknown()).nullish() }).nullish(),
});

/**
 * @returns null when the cluster says that it has none of that name
 * @throws OpsFailure when it cannot be asked
 */
export async function cronJobState(door: ClusterDoor, name: string): Promise<CronJobState | null> {
  const answer = await askFor(door, kubectl.getCronJob(door, name), `${CRON_JOBS} "${name}" not found`);
  return answer === null ? null : cronJobFrom(answer);
}

/** @param text what `getCronJob` and `setSuspend` answer */
export function cronJobFrom(text: string): CronJobState {
  const { metadata, spec, status } = readJson(CronJob, text);
  return {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    suspended: spec.suspend ?? false,
    spec,
    annotations: metadata.annotations ?? {},
    lastScheduleTime: status?.lastScheduleTime ? new Date(status.lastScheduleTime) : null,
    active: status?.active?.length ?? 0,
  };
}

/**
 * @param argv one of `kubectl`
 * @returns what it printed to stdout
 * @throws OpsFailure with what kubectl, or the cluster through it, said
 */
export async function runKubectl(door: ClusterDoor, argv: readonly string[], stdin?: string): Promise<string> {
  const answer = await askFor(door, argv, null, stdin);
  return answer ?? "";
}

/** @returns null when kubectl fails with just these words */
export async function askFor(
  door: ClusterDoor,
  argv: readonly string[],
  nothingThere: string | null,
  stdin?: string,
): Promise<string | null> {
  if (Bun.which("kubectl", { PATH: door.env.PATH ?? "" }) === null) throw kubectlFailure(door, argv, null);
  const deadlineMs = 2_000 * (door.requestSeconds ?? REQUEST_SECONDS);
  const options = { env: { ...door.env }, signal: door.signal, deadlineMs, ...(stdin === undefined ? {} : { stdin }) };
  const { exitCode, stdout, stderr } = await run(argv, options).catch((error) => {
    if (!(error instanceof OpsFailure) || door.signal.aborted) throw error;
    throw kubectlFailure(door, argv, error.observed ?? error.message);
  });
  if (exitCode === 0) return stdout;
  if (nothingThere !== null && stderr.includes(nothingThere)) return null;
  throw kubectlFailure(door, argv, stderr || `kubectl ended with ${exitCode} and no word`);
}

export function readJson<T>(shape: z.ZodType<T>, text: string): T {
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new OpsFailure("Could not read what the cluster answered", {
      observed: `${text.length} characters, not the object that was asked for`,
      cause,
      hint: "kubectl version",
    });
  }
}
