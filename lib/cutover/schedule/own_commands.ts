// This script's own commands, as they are told to be typed: for the cluster that was asked. Typed without its flags they would
// ask the kubeconfig's current one, and a plan would be refused, or a status be told of another cluster. (pure)
import type { ClusterName } from "../../kubernetes/cluster.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { ActName } from "./move_terms.ts";
import { NAMESPACE } from "./world.ts";

const OWN_COMMAND = /scripts\/cutover\.ts schedule \w+/g;

/** Each command of this script's in the text, with --context and --namespace where they are not what is taken without them. */
export function forCluster({ context, namespace }: ClusterName, text: string): string {
  const flags = [
    ...(context === null ? [] : [`--context ${shellQuoted(context)}`]),
    ...(namespace === NAMESPACE ? [] : [`--namespace ${shellQuoted(namespace)}`]),
  ];
  return text.replace(OWN_COMMAND, (command) => [command, ...flags].join(" "));
}

/** What applies a plan, and resumes one. */
export function applyCommand(cluster: ClusterName, act: ActName, file: string): string {
  const command = act === "parallel" || act === "end-parallel" ? "canary" : act;
  return `${forCluster(cluster, `scripts/cutover.ts schedule ${command}`)} --apply ${shellQuoted(file)}`;
}

/** What makes such a plan, or makes it anew. */
export function planCommandOf(cluster: ClusterName, act: ActName): string {
  return forCluster(cluster, `scripts/cutover.ts schedule ${PLAN_WORDS[act]}`);
}

const PLAN_WORDS: Readonly<Record<ActName, string>> = {
  switch: "switch",
  rollback: "rollback",
  canary: "canary",
  parallel: "canary --parallel",
  "end-parallel": "canary --parallel --end",
};
