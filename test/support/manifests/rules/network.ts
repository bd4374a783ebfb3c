// Selectors and ports: a Service without pods and a policy that matches nothing are both valid, and both silent.
import { containersOf, nameOf, ofKind, podsIn, selects } from "../manifest.ts";
import { listens, means, type Peer, type Place, placesIn, type Way } from "../network_paths.ts";
import type { Rule, World } from "../rule.ts";

function strayPeers({ manifests, neighbours }: World): string[] {
  const places = placesIn([...manifests, ...neighbours]);
  return ofKind(manifests, "NetworkPolicy").flatMap((policy) => {
    const { podSelector, ingress = [], egress = [] } = policy.spec;
    const namespace = policy.metadata.namespace ?? "";
    const peers = [...ingress, ...egress].flatMap((way: Way) => [...(way.from ?? []), ...(way.to ?? [])]);
    return [
      // It is not read here: what it leaves out would be taken for let in.
      ...(JSON.stringify(policy.spec).includes('"matchExpressions"') ? ["it selects by matchExpressions"] : []),
      ...(places.some((place) => means({ podSelector }, namespace, place)) ? [] : ["it selects no pod"]),
      ...peers
        .filter((peer) => !peer.ipBlock && !places.some((place) => means(peer, namespace, place)))
        .map((peer) => `${JSON.stringify(peer)} is no pod that we know`),
    ].map((says) => `${nameOf(policy)}: ${says}`);
  });
}

/** Ports that a policy lets through, and that nothing behind it listens on. */
function strayPorts({ manifests, neighbours }: World): string[] {
  const places = placesIn([...manifests, ...neighbours]);
  return ofKind(manifests, "NetworkPolicy").flatMap((policy) => {
    const { podSelector, ingress = [], egress = [] } = policy.spec;
    const namespace = policy.metadata.namespace ?? "";
    const behind = (peers: readonly Peer[]) =>
      places.filter((place) => peers.some((peer) => means(peer, namespace, place)));
    const stray = (way: Way, found: readonly Place[]) =>
      (way.ports ?? [])
        .filter(({ port }) => !found.some((place) => listens(place, port)))
        .map(({ port }) => `nothing listens on ${port}`);
    const unnamed = [...ingress, ...egress]
      .filter((way: Way) => (way.ports ?? []).length === 0)
      .map(() => "lets every port through");
    return [
      ...unnamed,
      ...ingress.flatMap((way: Way) => stray(way, behind([{ podSelector }]))),
      ...egress
        .filter((way: Way) => !way.to?.some(({ ipBlock }) => ipBlock))
        .flatMap((way: Way) => stray(way, behind(way.to ?? []))),
    ].map((says) => `${nameOf(policy)}: ${says}`);
  });
}

export const NETWORK_RULES: readonly Rule[] = [
  {
    id: "selectors",
    says: "A Deployment finds its own pods; a Service and a disruption budget find some",
    look: ({ manifests }) => [
      ...ofKind(manifests, "Deployment")
        .filter(({ spec }) => !selects(spec.selector.matchLabels, spec.template.metadata.labels))
        .map((each) => `${nameOf(each)}: its selector does not match its own pods`),
      ...[...ofKind(manifests, "Service"), ...ofKind(manifests, "PodDisruptionBudget")]
        .filter(({ kind, spec }) => {
          const selector = kind === "Service" ? spec.selector : spec.selector.matchLabels;
          return !podsIn(manifests).some(({ labels }) => selects(selector, labels));
        })
        .map((each) => `${nameOf(each)}: it selects no pod`),
    ],
  },
  {
    id: "ports",
    says: "A Service's port and a probe's are ones that a container listens on",
    look: ({ manifests }) => [
      ...ofKind(manifests, "Service").flatMap((each) => {
        const found = podsIn(manifests).filter(({ labels }) => selects(each.spec.selector, labels));
        const open = found
          .flatMap(containersOf)
          .flatMap(({ ports = [] }) => ports.flatMap((port) => [port.name, port.containerPort]));
        const wanted = (each.spec.ports as { port: number; targetPort?: string | number }[]).map(
          ({ port, targetPort = port }) => targetPort,
        );
        return wanted
          .filter((port) => !open.includes(port))
          .map((port) => `${nameOf(each)}: no container listens on ${port}`);
      }),
      ...podsIn(manifests).flatMap((pods) =>
        containersOf(pods).flatMap(({ ports = [], startupProbe, readinessProbe, livenessProbe }) => {
          const open = ports.flatMap((port) => [port.name, port.containerPort]);
          const asked = [startupProbe, readinessProbe, livenessProbe].flatMap((probe) => probe?.httpGet?.port ?? []);
          return asked
            .filter((port) => !open.includes(port))
            .map((port) => `${pods.of}: a probe asks ${port}, where nothing listens`);
        }),
      ),
    ],
  },
  {
    id: "hub-name",
    says: "The URL that pods are given is one of our Services, by a name that the hub answers to",
    look: ({ manifests }) =>
      ofKind(manifests, "ConfigMap").flatMap((map) => {
        const { STATE_HUB_URL: url, STATE_HUB_ALLOWED_HOSTS: allowed = "" } = map.data ?? {};
        if (url === undefined) return [];
        const { hostname, port } = new URL(url);
        const services = ofKind(manifests, "Service").filter(({ metadata, spec }) => {
          const names = [
            metadata.name,
            `${metadata.name}.${metadata.namespace}`,
            `${metadata.name}.${metadata.namespace}.svc`,
          ];
          return names.includes(hostname) && spec.ports.some((each: { port: number }) => String(each.port) === port);
        });
        return [
          ...(services.length === 0 ? [`${nameOf(map)}: STATE_HUB_URL is no Service: ${url}`] : []),
          ...(allowed.split(/[\s,]+/).includes(hostname)
            ? []
            : [`${nameOf(map)}: STATE_HUB_ALLOWED_HOSTS lacks ${hostname}`]),
        ];
      }),
  },
  {
    id: "policy-selectors",
    says: "Every selector of a network policy means a pod that we know, of ours or of others",
    look: strayPeers,
  },
  {
    id: "policy-ports",
    says: "Every port that a policy names is listened on; none lets all of them through",
    look: strayPorts,
  },
  {
    id: "disruption-budget",
    says: "A node can be drained: the budget leaves one pod that may go",
    look: ({ manifests }) => [
      // The operator makes one of its own for each Cluster, by default.
      ...ofKind(manifests, "Cluster")
        .filter(({ spec }) => spec.instances === 1 && spec.enablePDB !== false)
        .map((each) => `${nameOf(each)}: its one instance may never be moved`),
      ...ofKind(manifests, "PodDisruptionBudget").flatMap((each) => {
        const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: unhealthy } = each.spec;
        const replicas = ofKind(manifests, "Deployment")[0]?.spec.replicas ?? 1;
        const stuck = maxUnavailable === 0 || (minAvailable !== undefined && minAvailable >= replicas);
        return [
          ...(stuck ? [`${nameOf(each)}: no pod may ever be moved`] : []),
          ...(unhealthy === "AlwaysAllow" ? [] : [`${nameOf(each)}: a hub that is not ready holds up a drain`]),
        ];
      }),
    ],
  },
];
