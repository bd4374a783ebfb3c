// The parts of Kubernetes objects that the rules read. What an object may have besides is the schemas' affair: a rule only has
// to survive whatever it meets, since it is also run over manifests that were broken on purpose.

export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
}
export type Labels = Readonly<Record<string, string>>;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
  // biome-ignore lint/suspicious/noExplicitAny: each rule knows the kinds that it reads; the schemas know the rest
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: unknown;
  readonly automountServiceAccountToken?: boolean;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly Mount[];
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: Security;
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly configMapKeyRef?: KeyOf; readonly secretKeyRef?: KeyOf };
}
export interface KeyOf {
  readonly name: string;
  readonly key: string;
}
export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}
export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
}
export interface Security {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type?: string };
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly privileged?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
}
export interface Projected {
  readonly secret?: { readonly name: string; readonly items?: readonly KeyPath[] };
  readonly configMap?: { readonly name: string; readonly items?: readonly KeyPath[] };
}
interface KeyPath {
  readonly key: string;
  readonly path: string;
}
export interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly hostPath?: object;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly secret?: { readonly secretName: string; readonly items?: readonly KeyPath[] };
  readonly configMap?: { readonly name: string; readonly items?: readonly KeyPath[] };
  readonly projected?: { readonly sources: readonly Projected[] };
}
export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly restartPolicy?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: Security;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
}

/** The pods that an object starts, as its template has them. */
export interface Pods {
  /** "Deployment/state-hub" */
  readonly of: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly spec: PodSpec;
}

export const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

export function ofKind(manifests: readonly Manifest[], kind: string): readonly Manifest[] {
  return manifests.filter((each) => each.kind === kind);
}

export function podsIn(manifests: readonly Manifest[]): Pods[] {
  return manifests.flatMap((each) => {
    const template = each.kind === "CronJob" ? each.spec?.jobTemplate?.spec?.template : each.spec?.template;
    if (!["Deployment", "CronJob", "Job", "StatefulSet"].includes(each.kind) || !template?.spec) return [];
    const labels: Labels = template.metadata?.labels ?? {};
    return [{ of: nameOf(each), namespace: each.metadata.namespace ?? "", labels, spec: template.spec as PodSpec }];
  });
}

export function containersOf({ spec }: Pods): readonly Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

/** Flags with their values, of both spellings: `--store X` and `--store=X`. */
export function flagsIn({ args = [] }: Container): (readonly [flag: string, value: string])[] {
  return args.flatMap((word, at) => {
    const [, flag, value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
    if (flag !== undefined) return [[flag, value ?? ""] as const];
    return word.startsWith("--") ? [[word, args[at + 1] ?? ""] as const] : [];
  });
}

/** As a Service or a matchLabels reads it: an empty selector takes all. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}
