// Who may speak to whom, as the network policies of both folders have it together: what a cluster would do with them, worked out
// here. A path that is closed by mistake is a hub that never gets ready; one that is open by mistake is seen by nobody.
import { beforeAll, describe, expect, test } from "bun:test";
import { worldOf } from "../support/manifests/folders.ts";
import { type Manifest, ofKind } from "../support/manifests/manifest.ts";
import { letsThrough, type Place, placesIn } from "../support/manifests/network_paths.ts";

let policies: readonly Manifest[];
let places: readonly Place[];
beforeAll(async () => {
  const { manifests, neighbours } = await worldOf("apps");
  policies = ofKind([...manifests, ...neighbours], "NetworkPolicy");
  places = placesIn([...manifests, ...neighbours]);
});

const NAMES = {
  hub: "state-hub",
  sweep: "state-hub-consistency-sweep",
  cleanup: "state-hub-stale-task-cleanup",
  backup: "state-hub-backup",
  drill: "state-hub-backup-drill",
} as const;
const ourPod = (name: keyof typeof NAMES) => only(({ labels }) => labels["app.kubernetes.io/name"] === NAMES[name]);
const inNamespace = (namespace: string) => only((place) => place.namespace === namespace);

function only(wanted: (place: Place) => boolean): Place {
  const found = places.filter(wanted);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} places, wanted one`);
  return found[0];
}
const stranger = (namespace: string, labels: Record<string, string> = {}, ofNamespace = {}): Place => ({
  namespace,
  namespaceLabels: { "kubernetes.io/metadata.name": namespace, ...ofNamespace },
  labels,
  ports: [],
});
type Path = [what: string, from: Place, to: Place, port: number | string];

/** Whatever is no pod: a git server, a bucket, the API server. */
const ADDRESS: Place = { ...stranger(""), outside: true };
/** The one that a policy names by its address. */
const STORE: Place = { ...ADDRESS, address: "192.0.2.22" };

describe("letsThrough()", () => {
  test("opens what the hub and its schedules need", () => {
    const [hub, database] = [ourPod("hub"), inNamespace("databases")];
    const needed: Path[] = [
      ["the hub its database", hub, database, 5432],
      ["the hub its stream", hub, inNamespace("nats"), 4222],
      ["the sweep the hub", ourPod("sweep"), hub, 8000],
      ["the cleanup the database", ourPod("cleanup"), database, 5432],
      ...[ourPod("backup"), ourPod("drill")].flatMap((from): Path[] => [
        [`${from.labels["app.kubernetes.io/name"]} the database`, from, database, 5432],
        [`${from.labels["app.kubernetes.io/name"]} the store`, from, STORE, 22],
      ]),
      ["a tunnel the hub", inNamespace("bridge"), hub, 8000],
      ["a scraper the hub", inNamespace("monitoring"), hub, 8000],
      ["a scraper the database's metrics", inNamespace("monitoring"), database, 9187],
      ["the operator its instance", inNamespace("cnpg-system"), database, 8000],
      ["the operator its PostgreSQL", inNamespace("cnpg-system"), database, 5432],
      ["an instance another", database, database, 5432],
      ["an instance another's manager", database, database, 8000],
      ["the database the API server", database, ADDRESS, 6443],
      ["the database the API server's Service, and the bucket", database, ADDRESS, 443],
      ["the hub git by ssh", hub, ADDRESS, 22],
      ["the hub git by https", hub, ADDRESS, 443],
      ...[hub, ourPod("sweep"), ourPod("cleanup"), ourPod("backup"), ourPod("drill"), database].flatMap(
        (from): Path[] => [
          [`${from.labels["app.kubernetes.io/name"]} names`, from, inNamespace("kube-system"), "53/UDP"],
          [`${from.labels["app.kubernetes.io/name"]} long names`, from, inNamespace("kube-system"), "53/TCP"],
        ],
      ),
    ];
    expect(needed.filter(([, from, to, port]) => !letsThrough(policies, from, to, port)).map(([what]) => what)).toEqual(
      [],
    );
  });

  test("keeps everybody else out, and what runs in", () => {
    const [hub, database] = [ourPod("hub"), inNamespace("databases")];
    const closed: Path[] = [
      ["another namespace the hub", stranger("default"), hub, 8000],
      ["one that calls itself a bridge", stranger("default", { "state-hub.io/bridge": "true" }), hub, 8000],
      ["another pod beside a bridge the hub", stranger("bridge", {}, { "state-hub.io/bridge": "true" }), hub, 8000],
      ["a neighbour of the hub the database", stranger("state-hub"), database, 5432],
      ["a neighbour of the operator the database", stranger("cnpg-system"), database, 8000],
      ["the hub another database", hub, stranger("databases"), 5432],
      ["the hub a neighbour of the names", hub, stranger("kube-system"), "53/UDP"],
      ["the database a neighbour of the names", database, stranger("kube-system"), "53/UDP"],
      ["the hub other ports outside", hub, ADDRESS, 80],
      ["the sweep anything outside", ourPod("sweep"), ADDRESS, 443],
      ...[ourPod("backup"), ourPod("drill")].flatMap((from): Path[] => [
        ["a backup another host by ssh", from, ADDRESS, 22],
        ["a backup the store by another port", from, STORE, 443],
        ["a backup the hub", from, hub, 8000],
        ["a backup the stream", from, inNamespace("nats"), 4222],
        ["the store a backup", STORE, from, 22],
        ["the hub a backup", hub, from, 8000],
      ]),
      ["the sweep the store", ourPod("sweep"), STORE, 22],
      ["the cleanup the store", ourPod("cleanup"), STORE, 22],
      ["an address the hub", ADDRESS, hub, 8000],
      ["an address the database", ADDRESS, database, 5432],
      ["a neighbour without a label", stranger("state-hub"), hub, 8000],
      ["another namespace the database", stranger("default", { "state-hub.io/reaches": "database" }), database, 5432],
      ["the sweep the database", ourPod("sweep"), database, 5432],
      ["the cleanup the hub", ourPod("cleanup"), hub, 8000],
      ["the hub the database's instance manager", hub, database, 8000],
      ["the database the hub", database, hub, 8000],
      ["the sweep another namespace", ourPod("sweep"), inNamespace("nats"), 4222],
      ["another namespace a pod that no policy names", stranger("default"), stranger("state-hub"), 8000],
      ["a pod that no policy names another namespace", stranger("state-hub"), stranger("default"), 443],
      ["the database another namespace", database, stranger("default"), 5432],
      ["another namespace the database's metrics", stranger("default"), database, 9187],
    ];
    expect(closed.filter(([, from, to, port]) => letsThrough(policies, from, to, port)).map(([what]) => what)).toEqual(
      [],
    );
  });

  test("is closed by the database itself, whatever the hub's namespace lets out", () => {
    const its = policies.filter(({ metadata }) => metadata.namespace === "databases");
    const [hub, database] = [ourPod("hub"), inNamespace("databases")];
    expect(letsThrough(its, hub, database, 5432)).toBe(true);
    for (const other of [ourPod("sweep"), stranger("state-hub")])
      expect(letsThrough(its, other, database, 5432)).toBe(false);
  });

  test("would let a stranger in without the policies", () => {
    expect(letsThrough([], stranger("default"), ourPod("hub"), 8000)).toBe(true);
  });
});
