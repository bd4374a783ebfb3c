// The hub's status and its schema's history, for people.
import type { MigrationStatus } from "../db/migrate.ts";
import type { EmbeddedStatus } from "../postgres/embedded_status.ts";
import type { HubStatus } from "./hub_status.ts";
import { outcomeOf, sweepRows, sweepTables, type TableView } from "./sweep_view.ts";

/** @param embedded null when the hub is a server of somebody else's */
export function renderStatus(status: HubStatus, embedded: EmbeddedStatus | null, view: TableView): string {
  const { counts } = status;
  const rows = [
    ["hub", `${status.instance_id}, PostgreSQL ${status.server_version}, schema version ${status.schema_version}`],
    [
      "server",
      embedded === null
        ? `system ${status.system_identifier}`
        : `embedded, ${embedded.state}, port ${embedded.port ?? "none"}, ${embedded.dataDirectory}`,
    ],
    [
      "repositories",
      `${counts.repos}${status.missing_repos.length > 0 ? `, without a checkout: ${status.missing_repos.join(", ")}` : ""}`,
    ],
    ["workstreams", listed(counts.workstreams)],
    ["tasks", listed(counts.tasks)],
    ["orphaned rows", String(counts.orphaned)],
    [
      "open findings",
      `${listed(status.open_findings)}${status.waived_findings > 0 ? `; ${status.waived_findings} waived` : ""}`,
    ],
    ["open conflicts", String(status.unsettled_conflicts)],
    ["held plans", heldPlans(status, view)],
    ...sweepRows(status, view),
    ["events", eventsLine(status.events, view)],
  ];
  const runs = status.last_runs.map((run) => [run.source, run.mode, run.finished_at, run.exit_code, outcomeOf(run)]);
  const runTable =
    runs.length === 0
      ? "No run yet."
      : view.table(
          [
            { title: "last run by" },
            { title: "of" },
            { title: "when" },
            { title: "exit", align: "right" },
            { title: "outcome" },
          ],
          runs,
        );
  const states = view.table([{ title: "what" }, { title: "state" }], rows);
  return [states, ...sweepTables(status, view), runTable].join("\n\n");
}

function heldPlans({ held_plans: count, oldest_held_plan: oldest }: HubStatus, { paint }: TableView): string {
  return count === 0 ? "none" : paint.warning(`${count}, the oldest since ${oldest}: scripts/state_hub.ts held list`);
}

/** What nobody was told of is nothing to worry about where nobody listens: the hub runs without NATS_URL on purpose. */
function eventsLine(
  { waiting, oldest_waiting_seconds: oldest, suppressed }: HubStatus["events"],
  { paint }: TableView,
): string {
  const kept = suppressed === 0 ? "" : `; ${suppressed} kept while NATS_URL was not set`;
  if (waiting === 0) return `none waits${kept}`;
  const line = `${waiting} wait to be published, the oldest for ${Math.round(oldest ?? 0)} s${kept}`;
  return (oldest ?? 0) < LATE_S ? line : paint.warning(`${line}: does a hub serve, with NATS_URL?`);
}

/** A relay that works has taken an event within moments. */
const LATE_S = 60;

export function renderMigrations(status: readonly MigrationStatus[], view: TableView): string {
  const rows = status.map(({ version, name, state, applied_at }) => [
    version,
    name,
    state === "applied" ? state : view.paint.warning(state),
    applied_at ?? "",
  ]);
  return view.table(
    [{ title: "version", align: "right" }, { title: "name" }, { title: "state" }, { title: "applied" }],
    rows,
  );
}

function listed(counts: Readonly<Record<string, number>>): string {
  return (
    Object.entries(counts)
      .map(([name, n]) => `${n} ${name}`)
      .join(", ") || "none"
  );
}
