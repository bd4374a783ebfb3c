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
} as const;
const ourPod = (name: keyof typeof NAMES) => only(({ labels }) => labels["app.kubernetes.io/name"] === NAMES[name]);
const inNamespace = (namespace: string) => only((place) => place.namespace === namespace);

function only(wanted: (place: Place) => boolean): Place {
  const found = places.filter(wanted);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} places, wanted one`);
  return found[0];
}
const stranger = (namespace: string, labels: Record<string, string> = {}): Place => ({
  namespace,
  namespaceLabels: { "kubernetes.io/metadata.name": namespace },
  labels,
  ports: [],
});

describe("letsThrough()", () => {
  test("opens what the hub and its schedules need", () => {
    const [hub, database] = [ourPod("hub"), inNamespace("databases")];
    const needed: [string, Place, Place, number][] = [
      ["the hub its database", hub, database, 5432],
      ["the hub its stream", hub, inNamespace("nats"), 4222],
      ["the hub names", hub, inNamespace("kube-system"), 53],
      ["the sweep the hub", ourPod("sweep"), hub, 8000],
      ["the sweep names", ourPod("sweep"), inNamespace("kube-system"), 53],
      ["the cleanup the database", ourPod("cleanup"), database, 5432],
      ["a tunnel the hub", inNamespace("bridge"), hub, 8000],
      ["a scraper the hub", inNamespace("monitoring"), hub, 8000],
      ["a scraper the database's metrics", inNamespace("monitoring"), database, 9187],
      ["the operator its instance", inNamespace("cnpg-system"), database, 8000],
      ["the database names", database, inNamespace("kube-system"), 53],
    ];
    expect(needed.filter(([, from, to, port]) => !letsThrough(policies, from, to, port)).map(([what]) => what)).toEqual(
      [],
    );
  });

  test("keeps everybody else out, and what runs in", () => {
    const [hub, database] = [ourPod("hub"), inNamespace("databases")];
    const closed: [string, Place, Place, number][] = [
      ["another namespace the hub", stranger("default"), hub, 8000],
      ["one that calls itself a bridge", stranger("default", { "state-hub.io/bridge": "true" }), hub, 8000],
      ["a neighbour without a label", stranger("state-hub"), hub, 8000],
      ["another namespace the database", stranger("default", { "state-hub.io/reaches": "database" }), database, 5432],
      ["the sweep the database", ourPod("sweep"), database, 5432],
      ["the cleanup the hub", ourPod("cleanup"), hub, 8000],
      ["the hub the database's instance manager", hub, database, 8000],
      ["the database the hub", database, hub, 8000],
      ["the sweep another namespace", ourPod("sweep"), inNamespace("nats"), 4222],
    ];
    expect(closed.filter(([, from, to, port]) => letsThrough(policies, from, to, port)).map(([what]) => what)).toEqual(
      [],
    );
  });

  test("would let a stranger in without the policies", () => {
    expect(letsThrough([], stranger("default"), ourPod("hub"), 8000)).toBe(true);
  });
});
