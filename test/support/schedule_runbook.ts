// The world in which the runbook of the schedule's move is rehearsed: an account with a user manager and a copy of the toolkit, a
// hub that serves, one repository, a cluster that starts Jobs, and a reader who lets runbook.ts run go through the page.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { makeRepo, workplanText } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { type KubernetesApi, startKubernetesApi } from "./kubernetes_api.ts";
import type { PlayedController } from "./kubernetes_controller.ts";
import type { KubernetesObject } from "./kubernetes_store.ts";
import { RUN_MS, type RunbookReader, runbookReader } from "./runbook_reader.ts";
import { copyToolkit, type ToolkitChanges } from "./schedule_runbook_toolkit.ts";
import { type ServedProcess, servedProcess } from "./served_process.ts";
import { accountEnvironment, startUserManager, type UserManager } from "./user_manager.ts";

export const SWEEP = "state-hub-consistency-sweep";
export const CLEANUP = "state-hub-stale-task-cleanup";

export interface ScheduleRunbookWorld {
  readonly hub: TestHub;
  readonly api: KubernetesApi;
  readonly manager: UserManager;
  readonly controller: PlayedController;
  /** The copy of the toolkit, which is the reader's folder. */
  readonly toolkit: string;
  /** STATE_HUB_HOME. */
  readonly home: string;
  /** In that toolkit, with what its pages ask for. */
  readonly reader: RunbookReader;
  /** One command alone: `bash -euo pipefail` in the toolkit's folder, stdin closed. */
  paste(block: string, deadlineMs?: number): Promise<RunResult>;
  /** The manifests of both CronJobs, as `kubectl apply -k` of that folder would leave them: the test's cluster knows CronJobs alone. */
  applyManifests(folder: "apps" | "apps-after-switch"): Promise<void>;
  /** The reader's shell, for a command that a test starts and does not wait for. */
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

export interface WorldTerms {
  /** What `HOURS` is in the reader's shell. */
  readonly hours: number;
  /** What the copy of the toolkit has other than the toolkit. */
  readonly changes?: ToolkitChanges;
  /** How long a pod takes until its container runs: at once unless given. */
  readonly podStartMs?: number;
  /** How long the reader waits for a run: RUN_MS unless given. */
  readonly runMs?: number;
}

const BLOCK_MS = 60_000;

export async function makeScheduleRunbookWorld(terms: WorldTerms): Promise<ScheduleRunbookWorld> {
  const { hours, changes = {}, podStartMs = 0, runMs = RUN_MS } = terms;
  const [hub, api, manager] = await Promise.all([freshHub(), startKubernetesApi(), startUserManager()]);
  const home = join(manager.home, ".local/state/state-hub");
  const stops = [() => api.stop(), () => manager.stop(), () => hub.close()];
  const remove = async () => {
    for (const stop of stops) await stop();
  };
  try {
    const toolkit = await copyToolkit(join(manager.home, "state-hub-ops"), changes);
    const served = await servedProcess({ env: { DATABASE_URL: hub.url, STATE_HUB_HOME: join(manager.home, "hub") } });
    stops.unshift(() => served.end());
    await register(manager.home, served);
    writeSettings(manager.home, served.at);
    const account = { ...accountEnvironment(manager.home), KUBECONFIG: api.kubeconfig, STATE_HUB_HOME: home };
    const env = { ...account, DATABASE_URL: hub.url, HOURS: String(hours), NO_COLOR: "1" };
    const controller = api.play({
      runJob: (job, signal) => runJob(job, { toolkit, url: served.at, podStartMs, signal }),
    });
    const applyManifests: ScheduleRunbookWorld["applyManifests"] = async (folder) => {
      for (const manifest of await cronJobsOf(toolkit, folder)) api.apply(manifest);
    };
    const reader = runbookReader({ toolkit, env, deadlineMs: runMs });
    const paste = shellIn(toolkit, env);
    return { hub, api, manager, controller, toolkit, home, env, reader, paste, applyManifests, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function shellIn(toolkit: string, env: Record<string, string>): ScheduleRunbookWorld["paste"] {
  return (command, deadlineMs = BLOCK_MS) =>
    run(["bash", "-euo", "pipefail", "-c", command], { cwd: toolkit, env, deadlineMs });
}

async function register(parent: string, served: ServedProcess): Promise<void> {
  const task = { id: "GARDEN-WP-0001-T01" };
  const plan = workplanText({ id: "GARDEN-WP-0001", tasks: [task] });
  const repo = await makeRepo(parent, "garden", { "workplans/GARDEN-WP-0001-plan.md": plan });
  const remote = join(parent, "garden.git");
  await repo.git("clone", "--quiet", "--bare", ".", remote);
  await repo.git("remote", "add", "origin", remote);
  await repo.git("fetch", "--quiet", "origin");
  await repo.git("branch", "--quiet", "--set-upstream-to=origin/main");
  const headers = { "content-type": "application/json" };
  const answer = await served.ask("/repos/", { method: "POST", headers, body: JSON.stringify({ path: repo.path }) });
  if (!answer.ok) throw new Error(await answer.text());
}

/** What the units read, as systemd/README.md has it. */
function writeSettings(home: string, url: string): void {
  const file = join(home, ".config/state-hub/env");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `STATE_HUB_URL=${url}\n`, { mode: 0o600 });
}

interface Pod {
  readonly toolkit: string;
  /** What its ConfigMap would say. */
  readonly url: string;
  readonly podStartMs: number;
  /** It is ended. */
  readonly signal: AbortSignal;
}

/** What the container would run. */
async function runJob(job: KubernetesObject, { toolkit, url, podStartMs, signal }: Pod): Promise<number> {
  // As a real one takes its time: Job and timer start in the same moment otherwise.
  await Bun.sleep(podStartMs);
  const given: string[] = job.spec.template.spec.containers[0].args;
  const [script = "", ...args] = given.map((word) => word.replace("$(STATE_HUB_URL)", url));
  const env = { ...environmentForPrograms(), STATE_HUB_URL: url, STATE_HUB_HOME: join(toolkit, "../pod") };
  return Bun.spawn([join(toolkit, script), ...args], { env, signal, stdio: ["ignore", "ignore", "ignore"] }).exited;
}

/** kubectl itself puts them together. */
async function cronJobsOf(toolkit: string, folder: string): Promise<KubernetesObject[]> {
  const { exitCode, stdout, stderr } = await run(["kubectl", "kustomize", join(toolkit, "k8s", folder)], {
    env: environmentForPrograms(),
    deadlineMs: BLOCK_MS,
  });
  if (exitCode !== 0) throw new Error(stderr);
  const objects = Bun.YAML.parse(stdout) as KubernetesObject[];
  return objects.filter(({ kind }) => kind === "CronJob");
}
