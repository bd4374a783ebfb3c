// What the manifests rely on and do not bring: made by a person, by the platform or by an operator. k8s/README.md lists the
// same, and a test compares the two: a Secret that nobody knows to create is a pod that never starts.

/** By namespace: Secrets and ConfigMaps with the keys that are read. */
export const MADE_BY_A_PERSON: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "state-hub": {
    "Secret/state-hub-database": ["url"],
    "Secret/state-hub-token": ["token"],
    "Secret/state-hub-nats": ["url"],
    "Secret/state-hub-deploy-key": ["id_ed25519"],
    "Secret/state-hub-backup-key": ["id_ed25519"],
    "Secret/state-hub-backup-identity": ["identity"],
    "Secret/state-hub-registry": [".dockerconfigjson"],
    "ConfigMap/state-hub-known-hosts": ["known_hosts"],
    "ConfigMap/state-hub-backup-recipients": ["recipients"],
  },
  databases: {
    "Secret/state-hub-db-app": ["username", "password"],
    "Secret/state-hub-db-mover": ["username", "password"],
    "Secret/state-hub-db-reader": ["username", "password"],
    "Secret/state-hub-db-backup": ["ACCESS_KEY_ID", "ACCESS_SECRET_KEY"],
  },
};

export interface OutsidePods {
  readonly namespace: string;
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** As a policy names them: by number, or by name where a selector of ours meets it. */
  readonly ports: readonly number[];
}

/** Pods of others that our network policies let in or reach. */
export const OUTSIDE_PODS: readonly OutsidePods[] = [
  { namespace: "kube-system", labels: { "k8s-app": "kube-dns" }, ports: [53] },
  { namespace: "nats", labels: {}, ports: [4222] },
  { namespace: "monitoring", labels: {}, ports: [] },
  {
    namespace: "bridge",
    namespaceLabels: { "state-hub.io/bridge": "true" },
    labels: { "state-hub.io/bridge": "true" },
    ports: [],
  },
  { namespace: "cnpg-system", labels: { "app.kubernetes.io/name": "cloudnative-pg" }, ports: [] },
  // The operator makes them from our Cluster: PostgreSQL, its metrics, and the instance manager.
  { namespace: "databases", labels: { "cnpg.io/cluster": "state-hub-db" }, ports: [5432, 8000, 9187] },
];
