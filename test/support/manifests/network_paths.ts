// Network policies as a network plugin reads them: who is meant by a peer, and what gets through.
import { containersOf, type Labels, type Manifest, podsIn, selects } from "./manifest.ts";
import { OUTSIDE_PODS } from "./outside.ts";

export interface Peer {
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly namespaceSelector?: { readonly matchLabels?: Labels };
  readonly ipBlock?: { readonly cidr: string };
}
export interface Way {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: string | number; readonly protocol?: string }[];
}
/** One kind of pod, of ours or of others; or an address outside, which only an ipBlock means. */
export interface Place {
  readonly outside?: true;
  /** Of a place outside that a policy may mean alone. */
  readonly address?: string;
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly ports: readonly { readonly name: string; readonly number: number }[];
}

export const listens = ({ ports }: Place, wanted: string | number) =>
  ports.some(({ name, number }) => wanted === name || wanted === number);

export function placesIn(manifests: readonly Manifest[]): Place[] {
  const ours = podsIn(manifests).map((pods) => ({
    namespace: pods.namespace,
    namespaceLabels: { "kubernetes.io/metadata.name": pods.namespace },
    labels: pods.labels,
    ports: containersOf(pods).flatMap(({ ports = [] }) =>
      ports.map(({ name = "", containerPort }) => ({ name, number: containerPort })),
    ),
  }));
  const others = OUTSIDE_PODS.map(({ namespace, namespaceLabels = {}, labels, ports }) => ({
    namespace,
    namespaceLabels: { "kubernetes.io/metadata.name": namespace, ...namespaceLabels },
    labels,
    ports: ports.map((number) => ({ name: "", number })),
  }));
  return [...ours, ...others];
}

/** Whether a peer of a policy in `namespace` means that place. */
export function means({ podSelector, namespaceSelector, ipBlock }: Peer, namespace: string, place: Place): boolean {
  if (ipBlock) return place.outside === true && ["0.0.0.0/0", `${place.address}/32`].includes(ipBlock.cidr);
  if (place.outside) return false;
  const inNamespace = namespaceSelector
    ? selects(namespaceSelector.matchLabels, place.namespaceLabels)
    : place.namespace === namespace;
  return inNamespace && selects(podSelector?.matchLabels, place.labels);
}

/**
 * Whether the policies let `from` open a connection to a port of `to`: out of the one and into the other.
 * @param asked 5432, or with another protocol than TCP "53/UDP"
 */
export function letsThrough(policies: readonly Manifest[], from: Place, to: Place, asked: number | string): boolean {
  const [number = "", protocol = "TCP"] = String(asked).split("/");
  const names = to.ports.filter((each) => String(each.number) === number).map(({ name }) => name);
  const isOpen = ({ ports = [] }: Way) =>
    ports.some((each) => (each.protocol ?? "TCP") === protocol && [number, ...names].includes(String(each.port)));
  const allowed = (place: Place, type: "Ingress" | "Egress", other: Place) => {
    const about = policies.filter(
      ({ metadata, spec }) =>
        spec.policyTypes.includes(type) && means({ podSelector: spec.podSelector }, metadata.namespace ?? "", place),
    );
    // Who is not spoken of may do everything; who is, only what one of the policies names.
    if (about.length === 0) return true;
    return about.some(({ metadata, spec }) =>
      ((type === "Ingress" ? spec.ingress : spec.egress) ?? []).some(
        (way: Way) =>
          isOpen(way) && (way.from ?? way.to ?? []).some((peer) => means(peer, metadata.namespace ?? "", other)),
      ),
    );
  };
  return allowed(from, "Egress", to) && allowed(to, "Ingress", from);
}
