// Where the sweep's installed units are not the toolkit's own, or not in use as they stand. A copied unit that was edited
// runs with another budget than the one that everything else was laid out for.
import { shellQuoted } from "../../shell_quoted.ts";
import { asShipped, RELOAD, unmask, withoutDropIns } from "./remedies.ts";
import { type Seen, type SeenUnit, saidBy } from "./seen.ts";
import type { ScheduleFinding } from "./sight.ts";
import { startByTimer } from "./start_by_timer.ts";
import type { ScheduleWorld } from "./world.ts";

interface Row {
  readonly id: string;
  readonly severity: ScheduleFinding["severity"];
  readonly applies: (seen: SeenUnit) => boolean;
  readonly says: (seen: SeenUnit) => string;
  readonly remedy: (seen: SeenUnit, world: ScheduleWorld) => string;
}

const isTimer = ({ state }: SeenUnit) => state.unit.endsWith(".timer");
const enabled = ({ state }: SeenUnit) => /^enabled/.test(state.file);
const failing = (load: string) => !/^(loaded|masked|not-found)$/.test(load);

const ROWS: readonly Row[] = [
  {
    id: "unit_masked",
    severity: "error",
    applies: ({ state }) => state.load === "masked",
    says: ({ state }) => `${state.unit} is masked: it cannot be started at all`,
    remedy: ({ state }) => unmask(state.unit),
  },
  {
    id: "unit_unreadable",
    severity: "error",
    applies: ({ state }) => failing(state.load),
    says: ({ state }) => `systemd cannot read ${state.unit}: ${state.load}`,
    remedy: ({ state }, world) => asShipped(world, state.unit, state.fragment ?? world.installedFolder),
  },
  {
    id: "unit_edited",
    severity: "error",
    applies: ({ state, text, shipped }) => state.load !== "masked" && text !== null && text !== shipped,
    says: ({ state, shipped }) =>
      `${state.fragment} is not the toolkit's ${state.unit}${shipped === null ? ", which ships none of that name" : ""}`,
    remedy: ({ state }, world) => asShipped(world, state.unit, state.fragment ?? world.installedFolder),
  },
  {
    id: "unit_drop_in",
    severity: "degraded",
    applies: ({ dropIns }) => dropIns.length > 0,
    says: ({ state, dropIns }) => `${state.unit} is changed by ${dropIns.join(" and ")}`,
    remedy: ({ dropIns }) => withoutDropIns(dropIns),
  },
  {
    id: "unit_needs_reload",
    severity: "degraded",
    applies: ({ state }) => state.needsReload,
    says: ({ state }) => `${state.unit} was changed, and systemd goes by what it read before`,
    remedy: () => RELOAD,
  },
  {
    id: "timer_not_active",
    severity: "error",
    applies: (seen) => isTimer(seen) && enabled(seen) && seen.state.active !== "active",
    says: ({ state }) => `${state.unit} is enabled and does not run: ${state.active}`,
    remedy: ({ state }) => `systemctl --user start ${shellQuoted(state.unit)}`,
  },
  {
    id: "timer_not_enabled",
    severity: "degraded",
    applies: (seen) => isTimer(seen) && !enabled(seen) && seen.state.active === "active",
    says: ({ state }) =>
      `${state.unit} runs and is not enabled: it ends with the account's systemd, and does not come back`,
    remedy: ({ state }) => `systemctl --user enable ${shellQuoted(state.unit)}`,
  },
];

export function unitFindings(seen: Seen, world: ScheduleWorld): ScheduleFinding[] {
  const [timer, service] = [saidBy(seen.timer), saidBy(seen.service)];
  const found = [timer, service].flatMap((unit) => (unit === null ? [] : findingsOfUnit(unit, world)));
  return [...found, ...withoutService(seen, world)];
}

function findingsOfUnit(unit: SeenUnit, world: ScheduleWorld): ScheduleFinding[] {
  return ROWS.filter(({ applies }) => applies(unit)).map(({ id, severity, says, remedy }) => ({
    id,
    severity,
    says: says(unit),
    remedy: remedy(unit, world),
  }));
}

function withoutService(seen: Seen, world: ScheduleWorld): ScheduleFinding[] {
  const [timer, service] = [saidBy(seen.timer)?.state, saidBy(seen.service)?.state];
  if (timer === undefined || timer.load === "not-found" || service?.load !== "not-found") return [];
  const says = `${timer.unit} has nothing to start: ${service.unit} is not installed`;
  return [{ id: "service_missing", severity: "error", says, remedy: startByTimer(world, seen) }];
}
