// A schedule's world for tests: a user manager of its own, a cluster, the toolkit's units of the sweep with nothing to do, and
// a folder of programs that come first on the PATH, for those that a test machine has not (crontab, a logind).
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OLD_TIMER, type ScheduleWorld } from "../../lib/cutover/schedule/world.ts";
import { type KubernetesApi, startKubernetesApi } from "./kubernetes_api.ts";
import { cronJobManifest } from "./kubernetes_cron_job.ts";
import { accountEnvironment, startUserManager, type UserManager } from "./user_manager.ts";

const NAME = "state-hub-consistency-sweep";

export interface TestWorld {
  readonly world: ScheduleWorld;
  readonly api: KubernetesApi;
  readonly manager: UserManager;
  /** Runs a remedy as a person would type it, in a shell; its failure is the test's. */
  type(command: string): Promise<void>;
  /** A program that comes before the machine's own. */
  program(name: string, script: string): void;
  systemctl(...args: string[]): Promise<void>;
  /** A unit as somebody once copied it. */
  write(unit: string, text: string): void;
  /** Nothing is installed, nothing runs, the CronJob is there and suspended. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export const SERVICE = "[Service]\nType=oneshot\nExecStart=/bin/true\n";
export const TIMER = "[Timer]\nOnCalendar=*-*-* *:00/15:00 UTC\n\n[Install]\nWantedBy=timers.target\n";

export async function startTestWorld(): Promise<TestWorld> {
  const [manager, api] = await Promise.all([startUserManager(), startKubernetesApi()]);
  const [programs, unitFolder] = [join(manager.home, "programs"), join(manager.home, "toolkit/active")];
  const installedFolder = join(manager.home, ".config/systemd/user");
  for (const folder of [programs, unitFolder, installedFolder]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(unitFolder, `${NAME}.service`), SERVICE);
  writeFileSync(join(unitFolder, `${NAME}.timer`), TIMER);
  const account = accountEnvironment(manager.home);
  const env = { ...account, PATH: `${programs}:${account.PATH}`, KUBECONFIG: api.kubeconfig };
  const signal = new AbortController().signal;
  const world: ScheduleWorld = {
    units: { env, signal },
    cluster: api.door({ env, requestSeconds: 2 }),
    unitName: NAME,
    unitFolder,
    cronJobManifest: cronJobManifest(),
    installedFolder,
  };
  const type = async (command: string) => {
    const child = Bun.spawn(["bash", "-euc", command], { env, stdio: ["ignore", "pipe", "pipe"] });
    const [said, code] = [await new Response(child.stderr).text(), await child.exited];
    if (code !== 0) throw new Error(`${command}: ${code}: ${said}`);
  };
  const systemctl = (...args: string[]) => type(["systemctl", "--user", ...args].join(" "));
  return {
    world,
    api,
    manager,
    type,
    systemctl,
    program: (name, script) => {
      writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(programs, name), 0o755);
    },
    write: (unit, text) => {
      const path = join(installedFolder, unit);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, text);
    },
    reset: async () => {
      api.fail(null);
      for (const name of readdirSync(programs)) rmSync(join(programs, name));
      await systemctl("stop", `${NAME}.timer`, OLD_TIMER, "2>/dev/null || true");
      rmSync(installedFolder, { recursive: true, force: true });
      mkdirSync(installedFolder);
      await systemctl("daemon-reload");
      await systemctl("reset-failed");
      api.apply(cronJobManifest());
    },
    stop: async () => {
      await api.stop();
      await manager.stop();
    },
  };
}

/** The installed file is a copy, as on machines that were set up by hand. */
export function copyUnits({ write }: TestWorld): void {
  write(`${NAME}.service`, SERVICE);
  write(`${NAME}.timer`, TIMER);
}
