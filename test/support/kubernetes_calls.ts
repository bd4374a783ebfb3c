// One call for an object of a test's cluster: what its method does to the store, and what a refusal says, in the API server's
// own words, which kubectl passes on and an operator reads.
import { listOf, refusal, statusOf } from "./kubernetes_answers.ts";
import { applyJsonPatch, applyMergePatch, type Operation, PatchRefused } from "./kubernetes_patch.ts";
import { ApiRefusal, KIND_OF, type KubernetesObject, type KubernetesStore, type Resource } from "./kubernetes_store.ts";

const USER = "system:serviceaccount:state-hub:operator";

export interface Target {
  readonly namespace: string | undefined;
  readonly resource: Resource;
  readonly name: string | undefined;
}

export function perform(
  store: KubernetesStore,
  request: Request,
  { namespace, resource, name }: Target,
  body: unknown,
): Response {
  try {
    if (request.method === "GET" && name === undefined)
      return Response.json(listOf(resource, store.list(resource, namespace), store.version));
    if (namespace === undefined) throw refusal(400, "a namespace is needed");
    if (request.method === "POST") return Response.json(store.create(resource, namespace, body), { status: 201 });
    if (name === undefined) throw refusal(405, "the server does not allow this method on the requested resource");
    const act = { GET: get, PUT: put, PATCH: patch, DELETE: remove }[request.method];
    if (act === undefined) throw refusal(405, "the server does not allow this method on the requested resource");
    return Response.json(
      act({ store, resource, namespace, name, body, type: request.headers.get("content-type") ?? "" }),
    );
  } catch (error) {
    if (error instanceof ApiRefusal) return statusOf(error);
    throw error;
  }
}

interface Act {
  readonly store: KubernetesStore;
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly body: unknown;
  readonly type: string;
}

const get = ({ store, resource, namespace, name }: Act) => store.get(resource, namespace, name);
const put = ({ store, resource, namespace, name, body }: Act) => store.replace(resource, namespace, name, body);

function patch({ store, resource, namespace, name, body, type }: Act): KubernetesObject {
  const before = store.get(resource, namespace, name);
  try {
    const after = type.includes("json-patch")
      ? applyJsonPatch(before, body as Operation[])
      : // kubectl's strategic merge, where no list is changed.
        applyMergePatch(before, body);
    return store.replace(resource, namespace, name, after);
  } catch (error) {
    if (!(error instanceof PatchRefused)) throw error;
    // apimachinery, NewGenericServerResponse(): all that a client is told of a test that does not hold.
    throw refusal(422, "the server rejected our request due to an error in our request");
  }
}

function remove({ store, resource, namespace, name }: Act): unknown {
  const { metadata } = store.remove(resource, namespace, name);
  return {
    kind: "Status",
    apiVersion: "v1",
    status: "Success",
    details: { name, group: "batch", kind: KIND_OF[resource], uid: metadata.uid },
  };
}

const VERB: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** A refusal that a test ordered: what the server would say of this call. */
export function orderedRefusal(code: number, method: string, { namespace, resource, name = "" }: Target): ApiRefusal {
  const verb = VERB[method] ?? (name === "" ? "list" : "get");
  const forbidden = `${resource}.batch "${name}" is forbidden: User "${USER}" cannot ${verb} resource "${resource}" in API group "batch" in the namespace "${namespace}"`;
  const messages: Readonly<Record<number, string>> = {
    403: forbidden,
    404: `${resource}.batch "${name}" not found`,
    409: `Operation cannot be fulfilled on ${resource}.batch "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    422: "the server rejected our request due to an error in our request",
    500: "an error on the server has prevented the request from succeeding",
    503: "the server is currently unable to handle the request",
  };
  return refusal(code, messages[code] ?? "Unauthorized");
}
