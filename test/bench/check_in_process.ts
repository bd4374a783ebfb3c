// The main job in this process, as its script calls it: what it costs without the start of a program.
import { readConfig } from "../../lib/config.ts";
import { checkFleet } from "../../lib/consistency/check_fleet.ts";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { type HubUrl, openHubAt } from "./bench_hub.ts";

/** One run over every repository that the hub knows. */
export function checkAll(url: HubUrl): Promise<FleetResult> {
  return checkFleet({
    connect: () => openHubAt(url),
    scope: { all: true },
    host: readConfig().host,
    source: "manual",
    dryRun: false,
    full: false,
    strict: true,
    maxSeconds: null,
    remotes: null,
    activity: { ended: async () => {}, neverEnded: async () => {} },
    signal: new AbortController().signal,
    progress: () => {},
  });
}
