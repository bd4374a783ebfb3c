// Names that mean nothing, and secrets in the open.
import {
  BACKUP,
  CLEANUP,
  DATABASE,
  DRILL,
  firstOf,
  HUB,
  inPlatform,
  type Loose,
  podOf,
  SWEEP,
  type Twin,
  twin,
} from "./twin.ts";

export const REFERENCES: readonly Twin[] = [
  twin("references", HUB, "another ConfigMap", (hub) => {
    podOf(hub).volumes.find(({ name }: Loose) => name === "ssh").projected.sources[0].configMap.name = "state-hub-sshd";
  }),
  twin("references", SWEEP, "a key that is not there", (job) => {
    firstOf(job).env.find(({ name }: Loose) => name === "STATE_HUB_URL").valueFrom.configMapKeyRef.key = "HUB_URL";
  }),
  twin("references", HUB, "another volume claim", (hub) => {
    podOf(hub).volumes.find(({ name }: Loose) => name === "home").persistentVolumeClaim.claimName = "mirrors";
  }),
  twin("references", CLEANUP, "the default account", (job) => delete podOf(job).serviceAccountName),
  twin("references", CLEANUP, "another Secret", (job) => {
    podOf(job).volumes.find(({ name }: Loose) => name === "secret").secret.secretName = "state-hub-db";
  }),
  inPlatform("references", "ScheduledBackup/state-hub-db", "another Cluster", (backup) => {
    backup.spec.cluster.name = "state-hub";
  }),
  inPlatform("references", DATABASE, "another store", (cluster) => {
    cluster.spec.plugins[0].parameters.barmanObjectName = "store";
  }),
  twin("secret-files", SWEEP, "a file that no Secret has", (job) => {
    firstOf(job).env.find(({ name }: Loose) => name === "STATE_HUB_TOKEN_FILE").value = "/run/state-hub/token/password";
  }),
  twin("secret-files", DRILL, "a key in a ConfigMap", (job) => {
    const volume = podOf(job).volumes.find(({ name }: Loose) => name === "identity");
    delete volume.secret;
    volume.configMap = { name: "state-hub-backup-recipients" };
  }),
  twin("secret-files", BACKUP, "recipients that are nowhere", (job) => {
    const mount = firstOf(job).volumeMounts.find(({ name }: Loose) => name === "recipients");
    mount.mountPath = "/run/state-hub/keys";
  }),
  twin("no-inline-secret", "ConfigMap/state-hub", "a store with a password", (map) => {
    map.data.STATE_HUB_BACKUP_STORE = "sftp://backup:password@store.example/state-hub";
  }),
  twin("no-inline-secret", "Secret/x", "a Secret in the files", (_, all) => {
    all.push({ apiVersion: "v1", kind: "Secret", metadata: { name: "x", namespace: "state-hub" }, data: {} });
  }),
  twin("no-inline-secret", "ConfigMap/state-hub", "a URL with a password", (map) => {
    map.data.STATE_HUB_URL = "http://hub:password@state-hub.state-hub.svc:8000";
  }),
  twin("no-inline-secret", HUB, "a secret in the environment", (hub) => {
    const secretKeyRef = { name: "state-hub-token", key: "token" };
    firstOf(hub).env.push({ name: "STATE_HUB_TOKEN", valueFrom: { secretKeyRef } });
  }),
  twin("namespace", "Service/state-hub", "another namespace", (service) => {
    service.metadata.namespace = "default";
  }),
  twin("namespace", "Namespace/state-hub", "a version that moves", (namespace) => {
    namespace.metadata.labels["pod-security.kubernetes.io/enforce-version"] = "latest";
  }),
  inPlatform("namespace", "Namespace/databases", "privileged pods", (namespace) => {
    namespace.metadata.labels["pod-security.kubernetes.io/enforce"] = "privileged";
  }),
  twin("no-rights", "RoleBinding/x", "rights", (_, all) => {
    all.push({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name: "x" } });
  }),
  twin("no-rights", "ServiceAccount/state-hub", "a token", (account) => delete account.automountServiceAccountToken),
];
