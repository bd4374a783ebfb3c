// A cluster for tests: the few calls of the Kubernetes API that kubectl makes for CronJobs and Jobs, over HTTP and by a token,
// with faults to order. kubectl itself is the real one; no cluster is needed, and none can be harmed.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import type { ClusterDoor } from "../../lib/kubernetes/cluster.ts";
import { temporaryFolder } from "./git_repo.ts";
import { aboutItself, refusal, statusOf } from "./kubernetes_answers.ts";
import { orderedRefusal, perform } from "./kubernetes_calls.ts";
import { makeCertificate, writeKubeconfig } from "./kubernetes_config.ts";
import { type PlayedController, type PlayTerms, playControllers } from "./kubernetes_controller.ts";
import { type KubernetesObject, type KubernetesStore, kubernetesStore, type Resource } from "./kubernetes_store.ts";

const NAMESPACE = "state-hub";
const CONTEXT = "test";

export interface ApiCall {
  readonly at: Date;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

/** A status is answered instead of the truth; `hang` does nothing and answers nobody; `lost` does it, and answers nobody. */
export interface Fault {
  readonly method?: string;
  readonly resource?: Resource;
  readonly answer: 401 | 403 | 404 | 409 | 422 | 500 | 503 | "hang" | "lost";
}

export interface KubernetesApi {
  readonly store: KubernetesStore;
  /** Path of a kubeconfig with one context, mode 600. */
  readonly kubeconfig: string;
  /** kubectl's environment: a home of its own, this kubeconfig. */
  readonly env: Readonly<Record<string, string>>;
  /** Calls for objects, in order; not those that ask what the server can do. */
  readonly calls: readonly ApiCall[];
  door(o?: Partial<ClusterDoor>): ClusterDoor;
  cronJob(name: string): KubernetesObject;
  job(name: string): KubernetesObject;
  /** As `kubectl apply` would: what is there already is replaced, its status kept. */
  apply(manifest: unknown): KubernetesObject;
  /** From now on, until `fail(null)`. */
  fail(fault: Fault | null): void;
  /** Nobody listens at its address; `back()` ends that. */
  away(): Promise<void>;
  back(): void;
  /** Starts what is due, as the controllers of a cluster would. */
  play(terms: PlayTerms): PlayedController;
  stop(): Promise<void>;
}

const OBJECTS = /^\/apis\/batch\/v1(?:\/namespaces\/([\w.-]+))?\/(cronjobs|jobs)(?:\/([\w.-]+))?$/;

export async function startKubernetesApi(): Promise<KubernetesApi> {
  const folder = temporaryFolder();
  const [store, calls] = [kubernetesStore(), [] as ApiCall[]];
  const [token, certificate] = [crypto.randomUUID(), await makeCertificate(folder.path)];
  let fault: Fault | null = null;
  const controllers: PlayedController[] = [];
  const { promise: over, resolve: release } = Promise.withResolvers<void>();

  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    if (request.headers.get("authorization") !== `Bearer ${token}`) return statusOf(refusal(401, "Unauthorized"));
    const [, namespace, resource, name] = OBJECTS.exec(url.pathname) ?? [];
    if (resource === undefined) {
      if (fault?.answer === "hang" && fault.method === undefined) await over;
      return aboutItself(url.pathname, NAMESPACE);
    }
    const target = { namespace, resource: resource as Resource, name };
    const type = request.headers.get("content-type") ?? "";
    // kubectl speaks it to a server that has it, for some commands; this one has not.
    if (type.includes("protobuf"))
      return statusOf(refusal(415, `the body of the request was in an unknown format: ${type}`));
    const text = await request.text();
    const body = text === "" ? null : JSON.parse(text);
    const order = fault !== null && strikes(fault, request.method, resource) ? fault.answer : null;
    if (order === "hang") await over;
    const given =
      typeof order === "number"
        ? statusOf(orderedRefusal(order, request.method, target))
        : perform(store, request, target, body);
    calls.push({
      at: new Date(),
      method: request.method,
      path: `${url.pathname}${url.search}`,
      status: given.status,
      body,
    });
    return given;
  };

  const listen = (port: number) =>
    // Bun ends quiet connections after 10 s; a server that hangs on purpose does not.
    Bun.serve({ hostname: "127.0.0.1", port, idleTimeout: 0, tls: certificate.tls, fetch: answer });
  let server = listen(0);
  const port = server.port as number;
  const kubeconfig = writeKubeconfig(folder.path, { context: CONTEXT, port, token, authority: certificate.file });
  const home = join(folder.path, "home");
  mkdirSync(home);
  const env = { ...environmentForPrograms(), HOME: home, KUBECONFIG: kubeconfig };

  return {
    store,
    kubeconfig,
    env,
    calls,
    door: (o = {}) => ({ context: CONTEXT, namespace: NAMESPACE, env, signal: new AbortController().signal, ...o }),
    cronJob: (name) => store.get("cronjobs", NAMESPACE, name),
    job: (name) => store.get("jobs", NAMESPACE, name),
    apply: (manifest) => {
      const { metadata } = manifest as KubernetesObject;
      const found = store.find("cronjobs", NAMESPACE, metadata.name);
      if (found === undefined) return store.create("cronjobs", NAMESPACE, manifest);
      return store.replace("cronjobs", NAMESPACE, metadata.name, structuredClone(manifest));
    },
    fail: (wanted) => {
      fault = wanted;
    },
    away: () => server.stop(true),
    back: () => {
      server = listen(port);
    },
    play: (terms) => {
      const played = playControllers(store, terms);
      controllers.push(played);
      return played;
    },
    stop: async () => {
      await Promise.all(controllers.map((each) => each.stop()));
      release();
      await server.stop(true);
      folder.remove();
    },
  };
}

function strikes({ method, resource }: Fault, asked: string, of: string): boolean {
  return (method ?? asked) === asked && (resource ?? of) === of;
}
