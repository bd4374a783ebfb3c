// The places of one account and one cluster, from what a script knows of them.
import { homedir } from "node:os";
import { join } from "node:path";
import type { ScheduleWorld } from "./world.ts";

export interface Places {
  /** The account's environment, as programs may see it: HOME, XDG_CONFIG_HOME, XDG_RUNTIME_DIR, KUBECONFIG. */
  readonly env: Readonly<Record<string, string>>;
  readonly context: string | null;
  readonly namespace: string;
  readonly unitName: string;
  /** The toolkit's folder. */
  readonly toolkit: string;
  /** The CronJob as it is rendered. */
  readonly cronJobText: string;
  readonly signal: AbortSignal;
}

export function scheduleWorld(places: Places): ScheduleWorld {
  const { env, context, namespace, unitName, toolkit, cronJobText, signal } = places;
  // systemd.unit(5): where an account's own units stand.
  const config = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config");
  return {
    units: { env, signal },
    cluster: { context, namespace, env, signal },
    unitName,
    unitFolder: join(toolkit, "systemd/active"),
    cronJobManifest: Bun.YAML.parse(cronJobText) as Record<string, unknown>,
    installedFolder: join(config, "systemd/user"),
  };
}
