// The objects of a test's cluster, kept in memory as an API server keeps them: a version that grows with each change, a change
// of an older version refused, what a manifest leaves out filled in.

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  };
  // biome-ignore lint/suspicious/noExplicitAny: as free as the objects of a cluster are.
  readonly spec: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly status?: any;
}

export type Resource = "cronjobs" | "jobs";
export const KIND_OF = { cronjobs: "CronJob", jobs: "Job" } as const;

export class ApiRefusal extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

type Listener = (change: {
  readonly resource: Resource;
  readonly object: KubernetesObject;
  readonly gone: boolean;
}) => void;

export interface KubernetesStore {
  get(resource: Resource, namespace: string, name: string): KubernetesObject;
  find(resource: Resource, namespace: string, name: string): KubernetesObject | undefined;
  list(resource: Resource, namespace?: string): KubernetesObject[];
  create(resource: Resource, namespace: string, manifest: unknown): KubernetesObject;
  replace(resource: Resource, namespace: string, name: string, wanted: unknown): KubernetesObject;
  setStatus(resource: Resource, object: KubernetesObject, status: unknown): KubernetesObject | undefined;
  remove(resource: Resource, namespace: string, name: string): KubernetesObject;
  onChange(listener: Listener): () => void;
  readonly version: string;
}

export function kubernetesStore(now: () => Date = () => new Date()): KubernetesStore {
  const objects = new Map<string, KubernetesObject>();
  const listeners = new Set<Listener>();
  let version = 1_000;
  const keyOf = (resource: Resource, namespace: string, name: string) => `${resource}/${namespace}/${name}`;
  const put = (resource: Resource, object: KubernetesObject) => {
    const kept = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } };
    objects.set(keyOf(resource, kept.metadata.namespace, kept.metadata.name), kept);
    for (const listener of [...listeners]) listener({ resource, object: kept, gone: false });
    return kept;
  };
  const find: KubernetesStore["find"] = (resource, namespace, name) => objects.get(keyOf(resource, namespace, name));
  const get: KubernetesStore["get"] = (resource, namespace, name) => {
    const found = find(resource, namespace, name);
    if (found === undefined) throw new ApiRefusal(404, "NotFound", `${resource}.batch "${name}" not found`);
    return found;
  };
  return {
    find,
    get,
    get version() {
      return String(version);
    },
    list: (resource, namespace) =>
      [...objects]
        .filter(([key]) => key.startsWith(namespace === undefined ? `${resource}/` : `${resource}/${namespace}/`))
        .map(([, object]) => object),
    create: (resource, namespace, manifest) => {
      const { metadata, spec } = manifest as KubernetesObject;
      if (find(resource, namespace, metadata.name) !== undefined)
        throw new ApiRefusal(409, "AlreadyExists", `${resource}.batch "${metadata.name}" already exists`);
      const creationTimestamp = `${now().toISOString().slice(0, 19)}Z`;
      const named = { ...metadata, namespace, uid: crypto.randomUUID(), creationTimestamp, resourceVersion: "" };
      const head = { apiVersion: "batch/v1", kind: KIND_OF[resource] };
      return put(resource, { ...head, metadata: named, spec: withDefaults(resource, spec), status: {} });
    },
    replace: (resource, namespace, name, wanted) => {
      const [before, { metadata, spec }] = [get(resource, namespace, name), wanted as KubernetesObject];
      const asked = metadata.resourceVersion as string | undefined;
      if (asked !== undefined && asked !== before.metadata.resourceVersion) throw conflict(resource, name);
      const { uid, creationTimestamp, resourceVersion } = before.metadata;
      const kept = { ...metadata, name, namespace, uid, creationTimestamp, resourceVersion };
      const next = { ...before, metadata: kept, spec: withDefaults(resource, spec) };
      return Bun.deepEquals(next, before) ? before : put(resource, next);
    },
    setStatus: (resource, { metadata }, status) => {
      const before = find(resource, metadata.namespace, metadata.name);
      return before?.metadata.uid === metadata.uid ? put(resource, { ...before, status }) : undefined;
    },
    remove: (resource, namespace, name) => {
      const object = get(resource, namespace, name);
      objects.delete(keyOf(resource, namespace, name));
      for (const listener of [...listeners]) listener({ resource, object, gone: true });
      return object;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function conflict(resource: Resource, name: string): ApiRefusal {
  const why = "the object has been modified; please apply your changes to the latest version and try again";
  return new ApiRefusal(409, "Conflict", `Operation cannot be fulfilled on ${resource}.batch "${name}": ${why}`);
}

// pkg/apis/batch/v1/defaults.go and pkg/apis/core/v1/defaults.go of Kubernetes: what a manifest is held against has more in it
// than its author wrote.
function withDefaults(resource: Resource, spec: KubernetesObject["spec"]): unknown {
  if (resource === "jobs") return jobDefaults(spec);
  const defaults = {
    suspend: false,
    concurrencyPolicy: "Allow",
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  };
  const { jobTemplate } = spec;
  return { ...defaults, ...spec, jobTemplate: { ...jobTemplate, spec: podDefaults(jobTemplate?.spec) } };
}

const jobDefaults = (spec: KubernetesObject["spec"]) => ({
  backoffLimit: 6,
  completions: 1,
  parallelism: 1,
  completionMode: "NonIndexed",
  ...podDefaults(spec),
});

function podDefaults(spec: KubernetesObject["spec"]): Record<string, unknown> {
  const pod = { terminationGracePeriodSeconds: 30, dnsPolicy: "ClusterFirst", schedulerName: "default-scheduler" };
  const container = {
    resources: {},
    imagePullPolicy: "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  };
  const { template } = spec;
  const containers = template.spec.containers.map((each: object) => ({ ...container, ...each }));
  return { ...spec, template: { ...template, spec: { ...pod, securityContext: {}, ...template.spec, containers } } };
}
