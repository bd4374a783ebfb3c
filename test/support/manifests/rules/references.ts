// Names that one object has of another. A wrong one is found by a pod that waits for ever, or is not found at all.
import {
  type Container,
  containersOf,
  flagsIn,
  type KeyOf,
  type Manifest,
  nameOf,
  ofKind,
  type Pods,
  podsIn,
  type Volume,
} from "../manifest.ts";
import { MADE_BY_A_PERSON } from "../outside.ts";
import type { Rule, World } from "../rule.ts";

interface Wanted {
  readonly by: string;
  /** "Secret/state-hub-token" */
  readonly what: string;
  readonly key: string | null;
}

/** Keys of what is there, ours and what a person makes. */
function keysOf({ manifests, namespace }: World, what: string): readonly string[] | null {
  const ours = manifests.find((each) => nameOf(each) === what);
  return ours === undefined ? (MADE_BY_A_PERSON[namespace]?.[what] ?? null) : Object.keys(ours.data ?? {});
}

function wantedByPods(pods: Pods): Wanted[] {
  const by = pods.of;
  const of = (kind: string, name: string, key: string | null = null): Wanted => ({ by, what: `${kind}/${name}`, key });
  const variable = ({ env = [] }: Container) =>
    env.flatMap(({ valueFrom }) => {
      const [map, secret] = [valueFrom?.configMapKeyRef, valueFrom?.secretKeyRef];
      return [
        ...(map ? [of("ConfigMap", map.name, map.key)] : []),
        ...(secret ? [of("Secret", secret.name, secret.key)] : []),
      ];
    });
  const items = (kind: string, name: string, list: readonly { readonly key: string }[] | undefined) =>
    list === undefined ? [of(kind, name)] : list.map(({ key }) => of(kind, name, key));
  const volume = ({ secret, configMap, projected, persistentVolumeClaim }: Volume) => [
    ...(secret ? items("Secret", secret.secretName, secret.items) : []),
    ...(configMap ? items("ConfigMap", configMap.name, configMap.items) : []),
    ...(persistentVolumeClaim ? [of("PersistentVolumeClaim", persistentVolumeClaim.claimName)] : []),
    ...(projected?.sources ?? []).flatMap((each) => [
      ...(each.secret ? items("Secret", each.secret.name, each.secret.items) : []),
      ...(each.configMap ? items("ConfigMap", each.configMap.name, each.configMap.items) : []),
    ]),
  ];
  return [
    of("ServiceAccount", pods.spec.serviceAccountName ?? "default"),
    ...containersOf(pods).flatMap(variable),
    ...(pods.spec.volumes ?? []).flatMap(volume),
  ];
}

/** A Cluster's roles and an ObjectStore's bucket are named by Secrets, too. */
function wantedByDatabase(manifests: readonly Manifest[]): Wanted[] {
  const roles = ofKind(manifests, "Cluster").flatMap((each) => {
    const { bootstrap, managed, plugins = [] } = each.spec;
    const secrets = [
      bootstrap.initdb.secret,
      ...managed.roles.map((role: { passwordSecret?: object }) => role.passwordSecret),
    ];
    const stores = plugins.map(
      (plugin: { parameters?: Record<string, string> }) => plugin.parameters?.barmanObjectName,
    );
    return [
      ...secrets.map((secret) => ({ by: nameOf(each), what: `Secret/${secret?.name}`, key: "password" })),
      ...stores.map((name: string) => ({ by: nameOf(each), what: `ObjectStore/${name}`, key: null })),
    ];
  });
  const stores = ofKind(manifests, "ObjectStore").flatMap((each) =>
    (Object.values(each.spec.configuration.s3Credentials) as KeyOf[]).map(({ name, key }) => ({
      by: nameOf(each),
      what: `Secret/${name}`,
      key,
    })),
  );
  const backups = ofKind(manifests, "ScheduledBackup").map((each) => ({
    by: nameOf(each),
    what: `Cluster/${each.spec.cluster.name}`,
    key: null,
  }));
  return [...roles, ...stores, ...backups];
}

/** What is given to pods as files lies below it. */
const GIVEN = "/run/state-hub/";
/** Flags whose file anybody may read: public keys. */
const PUBLIC: ReadonlySet<string> = new Set(["--encrypt"]);

/** `DATABASE_URL_FILE=/run/x/url`, `--identity /run/x/identity`: the volume that is mounted there has to have the key. */
function missingFiles(world: World, pods: Pods): string[] {
  return containersOf(pods).flatMap((container) => {
    const { name, env = [] } = container;
    const variables = env.flatMap((each) =>
      each.name.endsWith("_FILE") ? [[each.name, each.value ?? ""] as const] : [],
    );
    const flags = flagsIn(container).filter(([, value]) => value.startsWith(GIVEN));
    return [...variables, ...flags]
      .filter(([by, file]) => !isMounted(world, pods, { container, file, public: PUBLIC.has(by) }))
      .map(([by, file]) => `${pods.of}: container ${name}: ${by} is ${file}, where no Secret is mounted with that key`);
  });
}

interface Given {
  readonly container: Container;
  readonly file: string;
  readonly public: boolean;
}

function isMounted(world: World, pods: Pods, { container, file, public: isPublic }: Given): boolean {
  const mount = container.volumeMounts?.find(({ mountPath }) => file.startsWith(`${mountPath}/`));
  const volume = pods.spec.volumes?.find(({ name }) => name === mount?.name);
  const secret = volume?.secret && `Secret/${volume.secret.secretName}`;
  const source = isPublic ? (secret ?? (volume?.configMap && `ConfigMap/${volume.configMap.name}`)) : secret;
  const keys = source === undefined ? null : keysOf(world, source);
  return mount !== undefined && keys?.includes(file.slice(mount.mountPath.length + 1)) === true;
}

const URL_WITH_SECRET = /[a-z]:\/\/[^\s/@"]*:[^\s/@"]+@/i;
const SECRET_NAME = /(PASSWORD|PASSWD|SECRET|TOKEN|_KEY|DATABASE_URL|NATS_URL)$/;

export const REFERENCE_RULES: readonly Rule[] = [
  {
    id: "references",
    says: "Every ConfigMap, Secret, volume claim and account that is named is there, or is one that a person makes",
    look: (world) =>
      [...podsIn(world.manifests).flatMap(wantedByPods), ...wantedByDatabase(world.manifests)].flatMap(
        ({ by, what, key }) => {
          const keys = keysOf(world, what);
          if (keys === null) return [`${by}: ${what} is not there`];
          return key === null || keys.includes(key) ? [] : [`${by}: ${what} has no key ${key}`];
        },
      ),
  },
  {
    id: "secret-files",
    says: "Every file that is to hold a secret lies in a Secret that is mounted there",
    look: (world) => podsIn(world.manifests).flatMap((pods) => missingFiles(world, pods)),
  },
  {
    id: "no-inline-secret",
    says: "No secret stands in a manifest, and none is in an environment: they are files",
    look: ({ manifests }) => [
      ...ofKind(manifests, "Secret").map((each) => `${nameOf(each)}: a Secret is in the files`),
      ...manifests
        .filter((each) => URL_WITH_SECRET.test(JSON.stringify(each)) || /PRIVATE KEY/.test(JSON.stringify(each)))
        .map((each) => `${nameOf(each)}: holds a key, or a URL with a password`),
      ...podsIn(manifests).flatMap((pods) =>
        containersOf(pods).flatMap(({ env = [] }) =>
          env
            .filter(({ name, valueFrom }) => SECRET_NAME.test(name) || valueFrom?.secretKeyRef !== undefined)
            .map(({ name }) => `${pods.of}: the variable ${name} holds a secret`),
        ),
      ),
    ],
  },
  {
    id: "namespace",
    says: "Everything is in the folder's namespace, which enforces restricted in a version that is named",
    look: ({ manifests, namespace }) => [
      ...manifests
        .filter(({ kind, metadata }) => (kind === "Namespace" ? metadata.name : metadata.namespace) !== namespace)
        .map((each) => `${nameOf(each)}: its namespace is ${each.metadata.namespace}`),
      ...ofKind(manifests, "Namespace").flatMap(({ metadata: { name, labels = {} } }) =>
        ["enforce", "audit", "warn"]
          .filter((mode) => {
            const version = labels[`pod-security.kubernetes.io/${mode}-version`] ?? "";
            return labels[`pod-security.kubernetes.io/${mode}`] !== "restricted" || !/^v1\.\d+$/.test(version);
          })
          .map((mode) => `Namespace/${name}: pod-security.kubernetes.io/${mode} is not restricted in a version`),
      ),
    ],
  },
  {
    id: "no-rights",
    says: "No account may do anything in the cluster, or holds a token",
    look: ({ manifests }) => [
      ...manifests.filter(({ kind }) => /Role/.test(kind)).map((each) => `${nameOf(each)}: gives rights`),
      ...ofKind(manifests, "ServiceAccount")
        .filter(({ automountServiceAccountToken: automount }) => automount !== false)
        .map((each) => `${nameOf(each)}: automountServiceAccountToken is not false`),
    ],
  },
];
