// The pod of a scheduled activity: what it is given, and that it may do nothing else (Pod Security "restricted").

/** What a script works through decides what its pod is given, and which ways the network leaves it. */
export interface Way {
  /** Flags that only this way has. */
  readonly flags: readonly string[];
  /** How long what the definition requires may take to be there: some network policies know a new pod only after seconds. */
  readonly patience: readonly string[];
  readonly env: readonly string[];
  /** A Secret of the namespace, mounted as files. */
  readonly secret: { readonly name: string; readonly folder: string };
}

export const WAYS = {
  hub: {
    // Kubernetes puts the variable in, as one word.
    flags: ["--via", "$(STATE_HUB_URL)"],
    patience: ["--requires-within", "20"],
    env: [
      "- name: STATE_HUB_URL",
      "  valueFrom:",
      "    configMapKeyRef:",
      "      name: state-hub",
      "      key: STATE_HUB_URL",
      "- name: STATE_HUB_TOKEN_FILE",
      "  value: /run/state-hub/token/token",
    ],
    secret: { name: "state-hub-token", folder: "/run/state-hub/token" },
  },
  database: {
    flags: [],
    patience: [],
    env: ["- name: DATABASE_URL_FILE", "  value: /run/state-hub/database/url"],
    secret: { name: "state-hub-database", folder: "/run/state-hub/database" },
  },
} as const satisfies Readonly<Record<string, Way>>;
export type WayName = keyof typeof WAYS;

/** The template's spec. */
export function pod(args: readonly string[], { env, secret }: Way): string[] {
  return [
    "restartPolicy: Never",
    "automountServiceAccountToken: false",
    "serviceAccountName: state-hub",
    "enableServiceLinks: false",
    "securityContext:",
    ...indented(2, POD_SECURITY),
    "containers:",
    "  - name: activity",
    "    image: state-hub-ops",
    "    args:",
    ...args.map((word) => `      - ${quoted(word)}`),
    "    env:",
    ...indented(6, [...env, "- name: STATE_HUB_HOME", "  value: /var/lib/state-hub"]),
    ...indented(4, CONTAINER),
    "    volumeMounts:",
    ...indented(6, mounts(secret.folder)),
    "volumes:",
    ...indented(2, volumes(secret.name)),
  ];
}

// The group may read what is mounted: files of a Secret belong to root.
const POD_SECURITY = [
  "runAsNonRoot: true",
  "runAsUser: 10001",
  "runAsGroup: 10001",
  "fsGroup: 10001",
  "seccompProfile:",
  "  type: RuntimeDefault",
];

const CONTAINER = [
  "resources:",
  "  requests:",
  "    cpu: 50m",
  "    memory: 96Mi",
  "  limits:",
  "    memory: 256Mi",
  "securityContext:",
  "  allowPrivilegeEscalation: false",
  "  readOnlyRootFilesystem: true",
  "  capabilities:",
  "    drop:",
  "      - ALL",
];

function mounts(folder: string): string[] {
  return [
    "- name: home",
    "  mountPath: /var/lib/state-hub",
    "- name: tmp",
    "  mountPath: /tmp",
    "- name: secret",
    `  mountPath: ${folder}`,
    "  readOnly: true",
  ];
}

function volumes(secret: string): string[] {
  const scratch = (name: string) => [`- name: ${name}`, "  emptyDir:", "    sizeLimit: 64Mi"];
  return [
    ...scratch("home"),
    ...scratch("tmp"),
    "- name: secret",
    "  secret:",
    `    secretName: ${secret}`,
    // 0440; YAML 1.1 and 1.2 read an octal number differently.
    "    defaultMode: 288",
  ];
}

/** JSON's strings are YAML's in double quotes. */
export function quoted(value: string): string {
  return JSON.stringify(value);
}

export function indented(by: number, lines: readonly string[]): string[] {
  return lines.map((line) => `${" ".repeat(by)}${line}`);
}
