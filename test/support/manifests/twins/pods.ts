// Pods that may too much, or cannot do what they are for.
import { BACKUP, CLEANUP, DRILL, firstOf, HUB, type Loose, podOf, SWEEP, type Twin, twin } from "./twin.ts";

function replaceWord(container: Loose, from: string, to: string): void {
  container.args = container.args.map((word: string) => (word === from ? to : word));
}

export const PODS: readonly Twin[] = [
  twin("pod-restricted", SWEEP, "root", (job) => delete podOf(job).securityContext.runAsNonRoot),
  twin("pod-restricted", HUB, "no seccomp", (hub) => delete podOf(hub).securityContext.seccompProfile),
  twin("pod-restricted", HUB, "capabilities", (hub) => delete firstOf(hub).securityContext.capabilities),
  twin("pod-restricted", HUB, "an init container that may gain rights", (hub) => {
    podOf(hub).initContainers[0].securityContext.allowPrivilegeEscalation = true;
  }),
  twin("pod-restricted", CLEANUP, "a root that can be written to", (job) => {
    firstOf(job).securityContext.readOnlyRootFilesystem = false;
  }),
  twin("pod-restricted", HUB, "a folder of the node", (hub) => {
    podOf(hub).volumes.find(({ name }: Loose) => name === "tmp").hostPath = { path: "/tmp" };
  }),
  twin("pod-restricted", SWEEP, "the node's network", (job) => {
    podOf(job).hostNetwork = true;
  }),
  twin("pod-restricted", SWEEP, "nobody's number", (job) => delete podOf(job).securityContext.runAsUser),
  twin("pod-restricted", CLEANUP, "a container that may do everything", (job) => {
    firstOf(job).securityContext.privileged = true;
  }),
  twin("pod-restricted", HUB, "a container that is root", (hub) => {
    firstOf(hub).securityContext.runAsUser = 0;
  }),
  twin("pod-restricted", HUB, "a capability again", (hub) => {
    firstOf(hub).securityContext.capabilities.add = ["NET_ADMIN"];
  }),
  twin("pod-no-token", SWEEP, "a token", (job) => delete podOf(job).automountServiceAccountToken),
  twin("pod-no-token", HUB, "service links", (hub) => {
    podOf(hub).enableServiceLinks = true;
  }),
  twin("pod-resources", HUB, "no limit of memory", (hub) => delete firstOf(hub).resources.limits),
  twin("pod-resources", SWEEP, "nothing asked for", (job) => delete firstOf(job).resources.requests.cpu),
  twin("pod-resources", CLEANUP, "no memory asked for", (job) => delete firstOf(job).resources.requests.memory),
  twin("image-pinned", HUB, "latest", (hub) => {
    firstOf(hub).image = "registry.example/state-hub-ops:latest";
  }),
  twin("image-pinned", SWEEP, "no tag", (job) => {
    firstOf(job).image = "registry.example/state-hub-ops";
  }),
  twin("pod-writes", HUB, "mirrors on the read-only root", (hub) => {
    firstOf(hub).volumeMounts = firstOf(hub).volumeMounts.filter(({ name }: Loose) => name !== "home");
    podOf(hub).volumes = podOf(hub).volumes.filter(({ name }: Loose) => name !== "home");
  }),
  twin("pod-writes", SWEEP, "a read-only /tmp", (job) => {
    firstOf(job).volumeMounts.find(({ name }: Loose) => name === "tmp").readOnly = true;
  }),
  twin("pod-writes", DRILL, "a workspace on the read-only root", (job) =>
    replaceWord(firstOf(job), "--workspace=/work/drill", "--workspace=/var/drill"),
  ),
  twin("pod-mounts", HUB, "a mount without its volume", (hub) => {
    firstOf(hub).volumeMounts[0].name = "mirrors";
  }),
  twin("pod-command", SWEEP, "an unknown flag", (job) => replaceWord(firstOf(job), "--remote", "--remotes")),
  twin("pod-command", CLEANUP, "a script that is gone", (job) => {
    firstOf(job).args[0] = "scripts/cleanup.ts";
  }),
  twin("pod-command", SWEEP, "another schedule's name", (job) =>
    replaceWord(firstOf(job), "k8s-cronjob", "local-timer"),
  ),
  twin("pod-command", SWEEP, "a variable that is not set", (job) => {
    firstOf(job).env = firstOf(job).env.filter(({ name }: Loose) => name !== "STATE_HUB_URL");
  }),
  twin("pod-command", BACKUP, "a store that nobody names", (job) => {
    firstOf(job).env = firstOf(job).env.filter(({ name }: Loose) => name !== "STATE_HUB_BACKUP_STORE");
  }),
  twin("pod-command", CLEANUP, "no schedule's name", (job) => {
    firstOf(job).args = firstOf(job).args.filter((word: string) => !["--source", "k8s-cronjob"].includes(word));
  }),
  twin("hub-probes", HUB, "restarted with its database", (hub) => {
    firstOf(hub).livenessProbe.httpGet.path = "/state/health";
  }),
  twin("hub-probes", HUB, "ready without its database", (hub) => {
    firstOf(hub).readinessProbe.httpGet.path = "/metrics";
  }),
  twin("hub-probes", HUB, "not started without its database", (hub) => {
    firstOf(hub).startupProbe.httpGet.path = "/state/health";
  }),
  twin("hub-rollout", HUB, "a gap", (hub) => {
    hub.spec.strategy = { type: "Recreate" };
  }),
  twin("hub-rollout", HUB, "no time to stop", (hub) => {
    podOf(hub).terminationGracePeriodSeconds = 5;
  }),
];
