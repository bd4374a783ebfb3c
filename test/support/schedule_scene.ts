// A schedule that can be moved, for tests: a timer of a real user manager that fires every few seconds, a cluster that kubectl
// talks to and whose controller starts Jobs by the same grid, and a real hub in which each run leaves its row.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SWEEP_DEFINITION_ID } from "../../lib/activity/activity_run.ts";
import type { ScheduleWorld } from "../../lib/cutover/schedule/world.ts";
import { cronGrid } from "../../lib/schedule/cron_grid.ts";
import { temporaryFolder } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { type KubernetesApi, startKubernetesApi } from "./kubernetes_api.ts";
import type { PlayedController } from "./kubernetes_controller.ts";
import { cronJobManifest } from "./kubernetes_cron_job.ts";
import type { KubernetesObject } from "./kubernetes_store.ts";
import { sweepProgram } from "./schedule_sweep.ts";
import { accountEnvironment, startUserManager, type UserManager } from "./user_manager.ts";

export const NAME = "state-hub-consistency-sweep";
export const PERIOD_S = 4;
export const CRON = `*/${PERIOD_S} * * * * *`;

/** What a mover that is a process of its own is told, by a file. */
export interface SceneFile {
  readonly url: string;
  readonly home: string;
  readonly world: Omit<ScheduleWorld, "units" | "cluster">;
  readonly env: Readonly<Record<string, string>>;
  readonly cron: string;
}

export interface Firing {
  readonly source: string;
  /** Its slot, ISO 8601. */
  readonly slot: string;
}

export interface ScheduleScene {
  readonly hub: TestHub;
  readonly api: KubernetesApi;
  readonly manager: UserManager;
  readonly controller: PlayedController;
  readonly world: ScheduleWorld;
  /** STATE_HUB_HOME. */
  readonly home: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** As an operator installs it: linked, enabled, started. */
  installTimer(): Promise<void>;
  /** Every sweep that was started by a schedule, in order; a person's are none. */
  firings(): Promise<Firing[]>;
  stop(): Promise<void>;
}

export async function scheduleScene(): Promise<ScheduleScene> {
  const [hub, api, manager] = await Promise.all([freshHub(), startKubernetesApi(), startUserManager()]);
  const folder = temporaryFolder();
  const [home, unitFolder] = [join(folder.path, "state-hub"), join(folder.path, "toolkit")];
  const installedFolder = join(manager.home, ".config/systemd/user");
  for (const path of [home, unitFolder, installedFolder]) mkdirSync(path, { recursive: true });
  await prepare(hub);
  const program = sweepProgram(folder.path, { url: hub.url, definition: SWEEP_DEFINITION_ID, periodS: PERIOD_S });
  writeUnits(unitFolder, program);
  const manifest = cronJobManifest({ startingDeadlineSeconds: 1 });
  api.apply(manifest);
  const controller = api.play({ runJob: (job) => runJob(program, job), gridOf: () => cronGrid(CRON) });
  const env = { ...accountEnvironment(manager.home), KUBECONFIG: api.kubeconfig };
  const signal = new AbortController().signal;
  const places = { unitName: NAME, unitFolder, cronJobManifest: manifest, installedFolder };
  const world = { ...places, units: { env, signal }, cluster: api.door({ env }) };
  const file = join(folder.path, "scene.json");
  const scene: SceneFile = { url: hub.url, home, world: places, env, cron: CRON };
  writeFileSync(file, JSON.stringify(scene), { mode: 0o600 });
  return {
    hub,
    api,
    manager,
    controller,
    world,
    home,
    file,
    env,
    installTimer: () => installTimer(manager, unitFolder),
    firings: () => firingsIn(hub),
    stop: async () => {
      await api.stop();
      await manager.stop();
      await hub.close();
      folder.remove();
    },
  };
}

async function prepare({ database: { sql } }: TestHub): Promise<void> {
  const definition = JSON.stringify({ trigger: { cron: CRON } });
  await sql`
    insert into activity.activity_definitions (id, name, definition, enabled, digest)
    values (${SWEEP_DEFINITION_ID}, 'State Hub Consistency Sweep', ${definition}::text::jsonb, true, '')`;
  await sql`create table fired (source text not null, slot timestamptz, at timestamptz not null)`;
}

function writeUnits(folder: string, program: readonly string[]): void {
  const command = [...program, "local-timer"].join(" ");
  writeFileSync(join(folder, `${NAME}.service`), `[Service]\nType=oneshot\nExecStart=${command}\n`);
  const timer = `[Timer]\nOnCalendar=*-*-* *:*:00/${PERIOD_S} UTC\nAccuracySec=1us\nPersistent=false\n`;
  writeFileSync(join(folder, `${NAME}.timer`), `${timer}\n[Install]\nWantedBy=timers.target\n`);
}

async function installTimer({ systemctl }: UserManager, folder: string): Promise<void> {
  for (const argv of [
    ["link", join(folder, `${NAME}.service`), join(folder, `${NAME}.timer`)],
    ["enable", "--now", `${NAME}.timer`],
  ]) {
    const { exitCode, stderr } = await systemctl(...argv);
    if (exitCode !== 0) throw new Error(stderr);
  }
}

/** What the container would run: its source, and the id that it was given. */
async function runJob(program: readonly string[], job: KubernetesObject): Promise<number> {
  const args: string[] = job.spec.template.spec.containers[0].args;
  const flagValue = (flag: string) => (args.includes(flag) ? [args[args.indexOf(flag) + 1] ?? ""] : []);
  const child = Bun.spawn([...program, ...flagValue("--source"), ...flagValue("--run-id")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return child.exited;
}

async function firingsIn({ database: { sql } }: TestHub): Promise<Firing[]> {
  const rows = await sql<{ source: string; slot: Date }[]>`
    select source, slot from fired where slot is not null order by at`;
  return rows.map(({ source, slot }) => ({ source, slot: slot.toISOString() }));
}
