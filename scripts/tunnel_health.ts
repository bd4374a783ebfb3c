#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Proves the private path to the hub, layer by layer, and names the first that is broken.
import { resolve } from "node:path";
import { command, defineScript, type Io } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { environmentForPrograms, readConfig, readServiceConfig } from "../lib/config.ts";
import { usageFailure } from "../lib/failure.ts";

const CONFIG = {
  kind: "string",
  placeholder: "FILE",
  describe: "The list of tunnels, instead of ~/.config/state-hub/tunnels.yaml",
} as const;
const NAMES = { name: "names", describe: "Tunnels of the list; all of them unless given", many: true } as const;

/** So long may all of it take, whatever is broken. */
const TIMEOUT_S = 30;

interface HealthArguments {
  readonly names: readonly string[];
  readonly config?: string | undefined;
  readonly watch: boolean;
  readonly hold?: number | undefined;
  readonly timeout?: number | undefined;
  readonly interval: number;
  readonly rounds?: number | undefined;
  readonly slow: number;
}

async function tunnelsOf(args: { readonly names: readonly string[]; readonly config?: string | undefined }) {
  const { chosen, ownList, readTunnels } = await import("../lib/tunnel/read_tunnels.ts");
  const home = environmentForPrograms().HOME ?? "/";
  const own = ownList(home);
  const path = args.config === undefined ? own : resolve(args.config);
  const other = path === own ? undefined : path;
  return { path, other, tunnels: chosen(readTunnels({ path, home }), args.names) };
}

async function memoryOf(io: Io, list: string | undefined) {
  const { stateHubHome: home, host, database } = readConfig();
  const { hubUrl: url, token } = readServiceConfig();
  const hub = { database: database.kind === "url" ? database.url : null, url, token };
  const { tellHub } = await import("../lib/tunnel/tell_hub.ts");
  const tell = (...told: [change: Parameters<typeof tellHub>[1], withinMs: number]) => tellHub(hub, ...told);
  return { home, list, host, tell, note: io.note };
}

async function health(args: HealthArguments, io: Io) {
  const { tunnels, other } = await tunnelsOf(args);
  const hold = args.hold ?? 0;
  const timeout = args.timeout ?? TIMEOUT_S + hold;
  if (hold > 0 && timeout <= hold)
    throw usageFailure("Could not use --hold", {
      observed: `${hold} s of --hold in ${timeout} s of --timeout`,
      expected: "a longer --timeout, or none",
    });
  const path = {
    env: environmentForPrograms(),
    home: readConfig().stateHubHome,
    slowMs: args.slow,
    holdSeconds: args.hold ?? null,
    quietMs: 3_000 * args.interval,
  };
  const memory = await memoryOf(io, other);
  const terms = { path, timeoutMs: timeout * 1_000, signal: io.signal, memory, config: args.config };
  if (!args.watch) {
    const { healthCommand } = await import("../lib/tunnel/health_command.ts");
    return healthCommand(tunnels, terms);
  }
  const { watchCommand } = await import("../lib/tunnel/watch_command.ts");
  return watchCommand(tunnels, { ...terms, intervalMs: args.interval * 1_000, rounds: args.rounds ?? null, io });
}

export const script = defineScript({
  name: "tunnel_health.ts",
  promise: "Proves the private path to the hub, layer by layer, and names the first that is broken.",
  reads: [
    "the list of tunnels: tunnels.yaml, and the keys that it names",
    "each tunnel: its ssh host, the unit that keeps it, GET /state/health through it",
  ],
  writes: [
    "the last verdicts, below STATE_HUB_HOME/tunnels, and a progress event in the State Hub when one changes",
    "render: settings of the tunnel units beside the list; nothing is installed or started",
  ],
  examples: [
    { command: "scripts/tunnel_health.ts", says: "all tunnels, once" },
    {
      command: "scripts/tunnel_health.ts hub --hold 360",
      says: "one, and whether a sweep's request survives its path",
    },
    { command: "scripts/tunnel_health.ts --watch", says: "a live table; without a terminal a line of JSON a round" },
    {
      command: "scripts/tunnel_health.ts render --dry-run",
      says: "the units' settings, and the lines for the far side",
    },
  ],
  commands: [
    command({
      name: "",
      promise: "Checks tunnels: 0 healthy or degraded, 1 down, 2 cannot tell.",
      positional: NAMES,
      flags: {
        config: CONFIG,
        watch: { kind: "boolean", describe: "Go on, and show each round" },
        hold: {
          kind: "integer",
          min: 1,
          max: 3_600,
          placeholder: "SECONDS",
          describe:
            "Also prove that a request may stay quiet for so long: over 30 finds a proxy that cuts at 30 s, 360 is a sweep",
        },
        timeout: {
          kind: "integer",
          min: 1,
          max: 7_200,
          placeholder: "SECONDS",
          describe: "For all tunnels together, whatever is broken (default: 30, and what --hold takes)",
        },
        interval: {
          kind: "integer",
          min: 1,
          max: 3_600,
          default: 10,
          placeholder: "SECONDS",
          describe: "With --watch: from one round to the next",
        },
        rounds: { kind: "integer", min: 1, placeholder: "N", describe: "With --watch: end after so many" },
        slow: {
          kind: "integer",
          min: 1,
          max: 60_000,
          default: 250,
          placeholder: "MS",
          describe: "From which on an answer counts as slow, and the tunnel as degraded",
        },
      },
      run: health,
    }),
    command({
      name: "render",
      promise: "Writes what the tunnel units need, and shows the line that lets each key in on the far side.",
      positional: NAMES,
      flags: { config: CONFIG, "dry-run": { kind: "boolean", describe: "Say what would be written" } },
      run: async (args) => {
        const { path, tunnels } = await tunnelsOf(args);
        const { renderCommand } = await import("../lib/tunnel/render_command.ts");
        const { configFlag } = await import("../lib/tunnel/config_flag.ts");
        const asked = `${args.names.map((name) => ` ${name}`).join("")}${configFlag(args.config)}`;
        return renderCommand(tunnels, { config: path, dryRun: args["dry-run"], asked });
      },
    }),
  ],
});

if (import.meta.main) await main(script);
