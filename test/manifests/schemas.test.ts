// The manifests against the official schemas, offline: a wrong type, a wrong word, a missing field, and a field that does not
// exist, at whatever depth. The API server says so too, but only on the day on which somebody applies them.
import { beforeAll, describe, expect, test } from "bun:test";
import { FOLDERS, worldOf } from "../support/manifests/folders.ts";
import type { Manifest } from "../support/manifests/manifest.ts";
import { schemaErrors, typeErrors } from "../support/manifests/schemas.ts";
import { type Loose, podOf, spoiled } from "../support/manifests/twins/twin.ts";

const WATCHDOG_MS = 60_000;
const all: Manifest[] = [];
beforeAll(async () => {
  for (const folder of FOLDERS) all.push(...(await worldOf(folder)).manifests);
});
const oneOf = (kind: string, name: string): Manifest[] =>
  all.filter((each) => each.kind === kind && each.metadata.name === name).slice(0, 1);

interface Change {
  readonly kind: string;
  readonly name: string;
  readonly how: string;
  readonly spoil: (object: Loose) => void;
}
const sweep = (how: string, spoil: Change["spoil"]): Change => ({
  kind: "CronJob",
  name: "state-hub-consistency-sweep",
  how,
  spoil,
});
const of = (kind: string, how: string, spoil: Change["spoil"]): Change => ({
  kind,
  name:
    kind === "NetworkPolicy" ? "hub-in" : kind.includes("Backup") || kind === "Cluster" ? "state-hub-db" : "state-hub",
  how,
  spoil,
});

const WRONG: readonly Change[] = [
  sweep("/spec/schedule required", (job) => delete job.spec.schedule),
  sweep("/spec/startingDeadlineSeconds type", (job) => {
    job.spec.startingDeadlineSeconds = "120";
  }),
  sweep("/spec/concurrencyPolicy enum", (job) => {
    job.spec.concurrencyPolicy = "Never";
  }),
  sweep("/spec/jobTemplate/spec/template/spec/containers/0/args/0 type", (job) => {
    podOf(job).containers[0].args[0] = 5;
  }),
  of("Deployment", "/spec/template required", (hub) => delete hub.spec.template),
  of("Deployment", "/spec/template/spec/containers/0/ports/0/protocol enum", (hub) => {
    podOf(hub).containers[0].ports[0].protocol = "HTTP";
  }),
  of("Service", "/spec/type enum", (service) => {
    service.spec.type = "Tunnel";
  }),
  of("NetworkPolicy", "/spec/policyTypes type", (policy) => {
    policy.spec.policyTypes = "Ingress";
  }),
  of("Cluster", "/spec/instances required", (cluster) => delete cluster.spec.instances),
  of("Cluster", "/spec/logLevel enum", (cluster) => {
    cluster.spec.logLevel = "loud";
  }),
  of("Cluster", "/spec/postgresql/parameters/max_connections type", (cluster) => {
    cluster.spec.postgresql.parameters.max_connections = 100;
  }),
  of("ScheduledBackup", "/spec/backupOwnerReference enum", (backup) => {
    backup.spec.backupOwnerReference = "owner";
  }),
];

/** Misspelled, each at another depth; the compiler names the field. */
const UNKNOWN: readonly (Change & { readonly field: string })[] = [
  { ...sweep("spec", (job) => (job.spec.startingDeadlinSeconds = 120)), field: "startingDeadlinSeconds" },
  { ...sweep("pod", (job) => (podOf(job).restartPolcy = "Never")), field: "restartPolcy" },
  { ...sweep("container", (job) => (podOf(job).containers[0].imagePullPolcy = "Always")), field: "imagePullPolcy" },
  {
    ...sweep("capabilities", (job) => (podOf(job).containers[0].securityContext.capabilities.dropped = ["ALL"])),
    field: "dropped",
  },
  {
    ...of("Deployment", "strategy", (hub) => (hub.spec.strategy.rollingUpdate.maxUnavailible = 0)),
    field: "maxUnavailible",
  },
  { ...of("Deployment", "volume", (hub) => (podOf(hub).volumes[0].configmap = {})), field: "configmap" },
  { ...of("Service", "port", (service) => (service.spec.ports[0].targetport = 1)), field: "targetport" },
  {
    ...of("NetworkPolicy", "peer", (policy) => (policy.spec.ingress[0].from[0].podselector = {})),
    field: "podselector",
  },
  { ...of("PodDisruptionBudget", "spec", (budget) => (budget.spec.maxUnavailble = 1)), field: "maxUnavailble" },
  {
    ...of("Cluster", "role", (cluster) => (cluster.spec.managed.roles[0].conectionLimit = 1)),
    field: "conectionLimit",
  },
  { ...of("Cluster", "initdb", (cluster) => (cluster.spec.bootstrap.initdb.checksums = true)), field: "checksums" },
  { ...of("ScheduledBackup", "plugin", (backup) => (backup.spec.pluginConfiguration.plugin = "x")), field: "plugin" },
  {
    ...{ kind: "ObjectStore", name: "state-hub-db-backup", how: "wal" },
    spoil: (store) => (store.spec.configuration.wal.compresion = "gzip"),
    field: "compresion",
  },
];

function withChange({ kind, name, spoil }: Change): Manifest[] {
  const found = oneOf(kind, name);
  expect(found).toHaveLength(1);
  return spoiled(found, { at: `${kind}/${name}`, spoil });
}

describe("schemaErrors()", () => {
  test("finds none in our manifests, of which it knows every kind", async () => {
    expect(await schemaErrors(all)).toEqual([]);
    expect(await schemaErrors([{ apiVersion: "v2", kind: "CronJob", metadata: { name: "x" } }])).toEqual([
      "CronJob/x: no schema is known for v2 CronJob",
    ]);
  });

  for (const change of WRONG) {
    test(`names what is wrong: ${change.kind} ${change.how}`, async () => {
      expect(await schemaErrors(withChange(change))).toEqual([`${change.kind}/${change.name} ${change.how}`]);
    });
  }
});

describe("typeErrors()", () => {
  test(
    "finds no unknown field in our manifests, and names one at any depth",
    () => {
      const changed = UNKNOWN.flatMap(withChange);
      const found = typeErrors([...all, ...changed]);
      expect(found.slice(0, all.length).flat()).toEqual([]);
      const named = found
        .slice(all.length)
        .map((errors) => /'"?(\w+)"?' does not exist in type/.exec(errors.join())?.[1] ?? "");
      expect(named).toEqual(UNKNOWN.map(({ field }) => field));
    },
    WATCHDOG_MS,
  );
});
