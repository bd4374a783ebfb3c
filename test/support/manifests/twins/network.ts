// Selectors and ports that nothing answers to.
import { DATABASE, firstOf, HUB, inPlatform, type Twin, twin } from "./twin.ts";

export const NETWORK: readonly Twin[] = [
  twin("selectors", HUB, "pods of another name", (hub) => {
    hub.spec.selector.matchLabels["app.kubernetes.io/name"] = "hub";
  }),
  twin("selectors", "Service/state-hub", "nobody", (service) => {
    service.spec.selector["app.kubernetes.io/component"] = "api";
  }),
  twin("ports", "Service/state-hub", "a port that nothing listens on", (service) => {
    service.spec.ports[0].targetPort = 8080;
  }),
  twin("ports", HUB, "a probe of another port", (hub) => {
    firstOf(hub).readinessProbe.httpGet.port = "https";
  }),
  twin("hub-name", "ConfigMap/state-hub", "a name that the hub refuses", (map) => {
    map.data.STATE_HUB_ALLOWED_HOSTS = "state-hub";
  }),
  twin("hub-name", "ConfigMap/state-hub", "a port that the Service has not", (map) => {
    map.data.STATE_HUB_URL = "http://state-hub.state-hub.svc:80";
  }),
  twin("policy-selectors", "NetworkPolicy/hub-in", "a caller that is not there", (policy) => {
    policy.spec.ingress[0].from[0].podSelector.matchLabels = { "state-hub.io/reaches": "hubs" };
  }),
  twin("policy-selectors", "NetworkPolicy/database-out", "pods that are not there", (policy) => {
    policy.spec.podSelector.matchLabels = { app: "state-hub" };
  }),
  inPlatform("policy-selectors", "NetworkPolicy/state-hub-db", "another namespace", (policy) => {
    policy.spec.ingress[2].from[0].namespaceSelector.matchLabels = { "kubernetes.io/metadata.name": "statehub" };
  }),
  twin("policy-selectors", "NetworkPolicy/hub-in", "a selector that is not read here", (policy) => {
    policy.spec.podSelector = { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] };
  }),
  twin("policy-ports", "NetworkPolicy/hub-in", "another port", (policy) => {
    policy.spec.ingress[0].ports[0].port = 8080;
  }),
  twin("policy-ports", "NetworkPolicy/hub-out", "every port", (policy) => delete policy.spec.egress[0].ports),
  twin("disruption-budget", "PodDisruptionBudget/state-hub", "a node that cannot be drained", (budget) => {
    delete budget.spec.maxUnavailable;
    budget.spec.minAvailable = 1;
  }),
  twin("disruption-budget", "PodDisruptionBudget/state-hub", "a hub that is not ready", (budget) => {
    delete budget.spec.unhealthyPodEvictionPolicy;
  }),
  inPlatform("disruption-budget", DATABASE, "the operator's budget for one instance", (cluster) => {
    delete cluster.spec.enablePDB;
  }),
];
