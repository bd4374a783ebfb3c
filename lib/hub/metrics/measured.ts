// Every metric of the hub in one table: the HELP lines are made of it. What tells of rows is read from the database when
// somebody asks, so that two hubs on one database tell the same, and sweeps that scripts ran are counted too.
import type { Measure } from "../../metrics/measure.ts";

const measure = (type: Measure["type"], name: string, labels: readonly string[], help: string): Measure => ({
  name: `state_hub_${name}`,
  type,
  labels,
  help,
});

/** Counted by this process. */
export const OF_THIS_PROCESS = {
  build: measure("gauge", "build_info", ["version"], "Always 1; which version of this toolkit answers"),
  requests: measure(
    "histogram",
    "http_request_duration_seconds",
    ["method", "route", "status"],
    "Requests by method, described route and class of status: how long each took, in seconds",
  ),
  poolSize: measure("gauge", "pool_connections", ["pool"], "Connections to the database that may be open"),
  poolBusy: measure("gauge", "pool_busy", ["pool"], "Connections to the database in use"),
  poolWaiting: measure("gauge", "pool_waiting", ["pool"], "What waits for a connection to the database"),
  relayState: measure("gauge", "relay_state", ["state"], "1 for the state that the relay of events is in"),
  relayPublished: measure("counter", "relay_published_total", [], "Events that this process has published"),
  relayRefused: measure("gauge", "relay_refused", [], "Events that wait because the stream will not take them"),
} as const;

/** Read from the database. */
export const OF_THE_DATABASE = {
  up: measure("gauge", "up", [], "1 while the database answers; 0: what is read from it is missing below"),
  sweeps: measure(
    "counter",
    "sweeps_total",
    ["source", "outcome"],
    "Sweeps of the remotes by who ran them and how they ended: succeeded, failed, skipped (once its quarter of an hour is over)",
  ),
  sweepDuration: measure(
    "histogram",
    "sweep_duration_seconds",
    ["source"],
    "How long sweeps that succeeded or failed took, in seconds",
  ),
  repoAge: measure(
    "gauge",
    "repo_last_success_age_seconds",
    ["repo"],
    "Seconds since the repository was last swept with success; +Inf: never",
  ),
  openFindings: measure("gauge", "open_findings", ["check", "severity"], "Findings that are open and not waived"),
  outboxWaiting: measure("gauge", "outbox_waiting", [], "Events that wait to be published"),
  outboxOldest: measure(
    "gauge",
    "outbox_oldest_age_seconds",
    [],
    "How long the oldest of them has waited; 0: none waits",
  ),
  outboxSuppressed: measure("gauge", "outbox_suppressed", [], "Events that were kept and sent to nobody"),
  runs: measure("gauge", "runs", ["status"], "Runs that were asked for over HTTP, by how they stand"),
} as const;

/** Seconds: reads take milliseconds, held requests up to the 360 s that proxies must allow. */
export const REQUEST_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 360] as const;
/** Seconds: a sweep has 300 unless it is given more. */
export const SWEEP_BOUNDS = [1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 450, 600] as const;
