// What an API server says to a client that asks what it can do: just so much that kubectl goes on to the objects themselves.
import { ApiRefusal, KIND_OF, type KubernetesObject, type Resource } from "./kubernetes_store.ts";

const VERBS = ["create", "delete", "get", "list", "patch", "update"];
const resourceRow = (name: Resource) => ({
  name,
  singularName: KIND_OF[name].toLowerCase(),
  namespaced: true,
  kind: KIND_OF[name],
  verbs: VERBS,
  ...(name === "cronjobs" ? { shortNames: ["cj"] } : {}),
});
const BATCH = { groupVersion: "batch/v1", version: "v1" };

// By path. Without the aggregated form of discovery, clients fall back to these.
const DISCOVERY: Readonly<Record<string, unknown>> = {
  "/version": { major: "1", minor: "32", gitVersion: "v1.32.4", platform: "linux/amd64" },
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: [{ name: "batch", versions: [BATCH], preferredVersion: BATCH }],
  },
  "/api/v1": { kind: "APIResourceList", groupVersion: "v1", resources: [] },
  "/apis/batch/v1": {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: "batch/v1",
    resources: [resourceRow("cronjobs"), resourceRow("jobs")],
  },
};

export function listOf(resource: Resource, items: readonly KubernetesObject[], resourceVersion: string): unknown {
  return { kind: `${KIND_OF[resource]}List`, apiVersion: "batch/v1", metadata: { resourceVersion }, items };
}

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  415: "UnsupportedMediaType",
  422: "Invalid",
  500: "InternalError",
  503: "ServiceUnavailable",
};

export function refusal(code: number, message: string): ApiRefusal {
  return new ApiRefusal(code, REASONS[code] ?? "Unknown", message);
}

export function statusOf({ code, reason, message }: ApiRefusal): Response {
  const body = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
  return Response.json(body, { status: code });
}

/** What is asked besides objects: what the server can do, and whether a namespace is there (kubectl asks when an object is not). */
export function aboutItself(path: string, namespace: string): Response {
  const known = DISCOVERY[path];
  if (known !== undefined) return Response.json(known);
  const [, asked] = /^\/api\/v1\/namespaces\/([\w.-]+)$/.exec(path) ?? [];
  if (asked === undefined) return statusOf(refusal(404, "the server could not find the requested resource"));
  if (asked !== namespace) return statusOf(refusal(404, `namespaces "${asked}" not found`));
  return Response.json({ kind: "Namespace", apiVersion: "v1", metadata: { name: asked } });
}
