// Where a CronJob in the cluster is not what its manifest says (pure). Only what the manifest says is compared: the cluster
// fills in defaults, and the image's name is set where the manifests are put together.

interface Field {
  readonly name: string;
  readonly of: (spec: Tree) => unknown;
}

// As free as an object of a cluster is; every step may be missing.
type Tree = { readonly [key: string]: Tree } | undefined;

const at = (path: string) => (spec: Tree) => path.split(".").reduce<Tree>((tree, key) => tree?.[key], spec) as unknown;
const plain = (path: string): Field => ({ name: path.split(".").at(-1) ?? path, of: at(path) });
const POD = "jobTemplate.spec.template.spec";
/** The network policies go by this label: without it the pod reaches nobody. */
const REACHES = "state-hub.io/reaches";
const ofContainers = (name: string, of: (container: Tree) => unknown): Field => ({
  name,
  of: (spec) => {
    const containers = at(`${POD}.containers`)(spec);
    return Array.isArray(containers) ? containers.map(of) : undefined;
  },
});

function listAt(path: string, spec: Tree): readonly Tree[] {
  const list = at(path)(spec);
  return Array.isArray(list) ? list : [];
}

/** "tmp: emptyDir", "database: secret state-hub-database": how it is mounted is a default of the cluster's too. */
function kindOfVolume(volume: Tree): string {
  const [kind = "nothing"] = Object.keys(volume ?? {}).filter((key) => key !== "name");
  const name = kind === "secret" ? ` ${volume?.secret?.secretName}` : "";
  return `${volume?.name}: ${kind}${name}`;
}

const FIELDS: readonly Field[] = [
  plain("schedule"),
  plain("timeZone"),
  plain("concurrencyPolicy"),
  plain("startingDeadlineSeconds"),
  plain("successfulJobsHistoryLimit"),
  plain("failedJobsHistoryLimit"),
  plain("jobTemplate.spec.activeDeadlineSeconds"),
  plain("jobTemplate.spec.backoffLimit"),
  plain("jobTemplate.spec.ttlSecondsAfterFinished"),
  // A Job that is suspended, or wants no pod, never runs, whatever its CronJob says.
  { name: "Job's suspend", of: (spec) => at("jobTemplate.spec.suspend")(spec) ?? false },
  { name: "parallelism", of: (spec) => at("jobTemplate.spec.parallelism")(spec) ?? 1 },
  { name: REACHES, of: (spec) => spec?.jobTemplate?.spec?.template?.metadata?.labels?.[REACHES] },
  plain(`${POD}.restartPolicy`),
  plain(`${POD}.serviceAccountName`),
  plain(`${POD}.automountServiceAccountToken`),
  { name: "initContainers", of: (spec) => listAt(`${POD}.initContainers`, spec).map((each) => each?.name) },
  { name: "volumes", of: (spec) => listAt(`${POD}.volumes`, spec).map(kindOfVolume) },
  ofContainers("containers", (container) => container?.name),
  ofContainers("command", (container) => container?.command),
  ofContainers("args", (container) => container?.args),
  ofContainers("env", (container) => valuesOf(container?.env)),
];

/**
 * "schedule: 0 * * * *, wanted *\/15 * * * *", one for each field that differs; none: it is as rendered.
 * @param manifest the whole CronJob
 * @param spec what the cluster has
 */
export function cronJobDrift(
  manifest: Readonly<Record<string, unknown>>,
  spec: Readonly<Record<string, unknown>>,
): string[] {
  return FIELDS.flatMap(({ name, of }) => {
    const [wanted, found] = [of(manifest.spec as Tree), of(spec as Tree)];
    if (wanted === undefined || Bun.deepEquals(comparable(wanted), comparable(found))) return [];
    return [`${name}: ${shown(found)}, wanted ${shown(wanted)}`];
  });
}

// A reference's name may have a digest added to it where manifests are put together.
function valuesOf(env: unknown): Record<string, unknown> | undefined {
  if (!Array.isArray(env)) return undefined;
  return Object.fromEntries(env.map(({ name, value }) => [name, value ?? "(by reference)"]));
}

// [undefined] and nothing at all: a container without a command.
const comparable = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}
