// What a pod may, what it is given, and what it starts.
import { type Container, containersOf, flagsIn, ofKind, type Pods, podsIn } from "../manifest.ts";
import type { Rule, World } from "../rule.ts";

type Says = string | false | undefined;

function eachPod(look: (pods: Pods, world: World) => readonly Says[]) {
  return (world: World) =>
    podsIn(world.manifests).flatMap((pods) =>
      look(pods, world).flatMap((says) => (says ? [`${pods.of}: ${says}`] : [])),
    );
}

function eachContainer(look: (container: Container, pods: Pods, world: World) => readonly Says[]) {
  return eachPod((pods, world) =>
    containersOf(pods).flatMap((each) =>
      look(each, pods, world).map((says) => (says ? `container ${each.name}: ${says}` : false)),
    ),
  );
}

/** A digest, or a tag that is a version. */
const PINNED = /^[^:@\s]+(:\d+)?\/[^:@\s]+(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]*\d[\w.-]*)$/;
const LEAST_GRACE_S = 30;

/** A variable and a flag that name a folder to write in; /tmp is written in by git and ssh. */
function writtenFolders(container: Container): string[] {
  const { env = [] } = container;
  return [
    "/tmp",
    ...flagsIn(container).flatMap(([flag, value]) => (flag === "--workspace" ? [value] : [])),
    ...env.flatMap(({ name, value }) => (name === "STATE_HUB_HOME" && value !== undefined ? [value] : [])),
  ];
}

function isWritable(folder: string, container: Container, { spec }: Pods): boolean {
  return (container.volumeMounts ?? []).some(({ name, mountPath, readOnly }) => {
    const volume = spec.volumes?.find((each) => each.name === name);
    const kept = volume?.emptyDir !== undefined || volume?.persistentVolumeClaim !== undefined;
    return kept && readOnly !== true && (folder === mountPath || folder.startsWith(`${mountPath}/`));
  });
}

/** `$(NAME)` as Kubernetes puts it in: a name that no variable has stays as it is, and is sent as a word. */
function wordsOf({ args = [], env = [] }: Container, { manifests }: World): string[] {
  const textOf = (name: string): string | undefined => {
    const { value, valueFrom } = env.find((each) => each.name === name) ?? {};
    const key = valueFrom?.configMapKeyRef;
    return (
      value ??
      ofKind(manifests, "ConfigMap").find(({ metadata }) => metadata.name === key?.name)?.data?.[key?.key ?? ""]
    );
  };
  return args.map((word) => word.replace(/\$\((\w+)\)/g, (whole, name) => textOf(name) ?? whole));
}

/** Whether its script knows who started it, and is asked to say so. */
function takesSource(words: readonly string[], { refusal }: World): boolean {
  const at = words.indexOf("--source");
  const others = at === -1 ? words : words.toSpliced(at, 2);
  return refusal([...others, "--source", "k8s-cronjob"]) === null;
}

export const POD_RULES: readonly Rule[] = [
  {
    id: "pod-restricted",
    says: "Every pod keeps to the Pod Security standard restricted, with a root that is read-only",
    look: (world) => [...restrictedPods(world), ...restrictedContainers(world)],
  },
  {
    id: "pod-no-token",
    says: "No pod holds a token for the API server, or is given the namespace's Services as variables",
    look: eachPod(({ spec }) => [
      spec.automountServiceAccountToken !== false && "automountServiceAccountToken is not false",
      spec.enableServiceLinks !== false && "enableServiceLinks is not false",
    ]),
  },
  {
    id: "pod-resources",
    says: "Every container says what it asks for, and how much memory it may have",
    look: eachContainer(({ resources }) => [
      !resources?.requests?.cpu && "requests no cpu",
      !resources?.requests?.memory && "requests no memory",
      !resources?.limits?.memory && "has no limit of memory",
    ]),
  },
  {
    id: "image-pinned",
    says: "Every image is named with its registry, and by a version or a digest",
    look: eachContainer(({ image = "" }) => [!PINNED.test(image) && `its image is ${image}`]),
  },
  {
    id: "pod-writes",
    says: "Where a container writes, something is mounted that can be written to",
    look: eachContainer((container, pods) =>
      writtenFolders(container).map((folder) => !isWritable(folder, container, pods) && `cannot write in ${folder}`),
    ),
  },
  {
    id: "pod-mounts",
    says: "Every mount has its volume, and every volume its mount",
    look: eachPod((pods) => {
      const [volumes, mounts] = [
        (pods.spec.volumes ?? []).map(({ name }) => name),
        containersOf(pods).flatMap((each) => (each.volumeMounts ?? []).map(({ name }) => name)),
      ];
      return [
        ...mounts.filter((name) => !volumes.includes(name)).map((name) => `mounts ${name}, which is no volume`),
        ...volumes.filter((name) => !mounts.includes(name)).map((name) => `mounts the volume ${name} nowhere`),
      ];
    }),
  },
  {
    id: "pod-command",
    says: "What a container starts is a command line that our own script accepts",
    look: eachContainer((container, { of }, world) => {
      const words = wordsOf(container, world);
      const source = words[words.indexOf("--source") + 1];
      const isAsked = of.startsWith("CronJob/") && takesSource(words, world);
      return [
        world.refusal(words) ?? undefined,
        words.some((word) => word.includes("$(")) && `a variable is not set: ${words.join(" ")}`,
        isAsked && source !== "k8s-cronjob" && `--source is ${source}, wanted k8s-cronjob`,
      ];
    }),
  },
  {
    id: "hub-probes",
    says: "Readiness asks for the database; startup and liveness do not, or the hub is restarted while it is away",
    look: (world) =>
      eachContainer(({ startupProbe, readinessProbe, livenessProbe }, { of }) => {
        if (!of.startsWith("Deployment/")) return [];
        return [
          readinessProbe?.httpGet?.path !== "/state/health" && "readinessProbe does not ask for /state/health",
          livenessProbe?.httpGet?.path !== "/metrics" && "livenessProbe does not ask for /metrics",
          startupProbe?.httpGet?.path !== "/metrics" && "startupProbe does not ask for /metrics",
        ];
      })({ ...world, manifests: world.manifests.map(withoutInit) }),
  },
  {
    id: "hub-rollout",
    says: "A new hub takes over from one that answers, and an old one has the time to end what it does",
    look: ({ manifests }) =>
      ofKind(manifests, "Deployment").flatMap(({ spec, metadata }) => {
        const { type, rollingUpdate } = spec.strategy ?? {};
        const grace = spec.template.spec.terminationGracePeriodSeconds;
        const says: Says[] = [
          (type !== "RollingUpdate" || rollingUpdate?.maxUnavailable !== 0) && "may be without a hub in a rollout",
          !(grace >= LEAST_GRACE_S) && `terminationGracePeriodSeconds is ${grace}`,
        ];
        return says.flatMap((each) => (each ? [`Deployment/${metadata.name}: ${each}`] : []));
      }),
  },
];

/** Only what goes on running is probed. */
function withoutInit<M extends World["manifests"][number]>(manifest: M): M {
  if (manifest.kind !== "Deployment") return manifest;
  const { template } = manifest.spec;
  return {
    ...manifest,
    spec: { ...manifest.spec, template: { ...template, spec: { ...template.spec, initContainers: [] } } },
  };
}

const restrictedPods = eachPod(({ spec }) => [
  spec.securityContext?.runAsNonRoot !== true && "runAsNonRoot is not true",
  !((spec.securityContext?.runAsUser ?? 0) > 0) && "runAsUser is no number above 0",
  spec.securityContext?.seccompProfile?.type !== "RuntimeDefault" && "seccompProfile is not RuntimeDefault",
  (spec.hostNetwork || spec.hostPID || spec.hostIPC) && "shares something with its node",
  spec.volumes?.some(({ hostPath }) => hostPath !== undefined) && "mounts a folder of its node",
]);

const restrictedContainers = eachContainer(({ securityContext: has }) => [
  has?.allowPrivilegeEscalation !== false && "allowPrivilegeEscalation is not false",
  has?.readOnlyRootFilesystem !== true && "readOnlyRootFilesystem is not true",
  !has?.capabilities?.drop?.includes("ALL") && "drops not all capabilities",
  (has?.capabilities?.add ?? []).length > 0 && "adds capabilities",
  has?.privileged === true && "is privileged",
  (has?.runAsNonRoot === false || has?.runAsUser === 0) && "runs as root",
]);
