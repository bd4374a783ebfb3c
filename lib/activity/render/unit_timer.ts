// The timer of a scheduled activity: UTC alone, to the second, and nothing made up for. A slot that passed while the machine
// slept is missed; a run in its stead would be filed under a slot that it does not belong to.
import { OpsFailure } from "../../failure.ts";
import { onCalendar } from "../../schedule/on_calendar.ts";
import type { Deadlines } from "../deadlines.ts";
import { type ActivityDefinition, cronOf, unitNameOf } from "../definition.ts";
import { renderedHeader } from "../rendered_header.ts";
import { descriptionOf } from "./unit_service.ts";

/**
 * The text of systemd/active/NAME.timer.
 * @throws OpsFailure for a definition without a schedule, or with one that systemd cannot have
 */
export function renderTimer(definition: ActivityDefinition, _deadlines: Deadlines): string {
  const name = unitNameOf(definition);
  const cron = cronOf(definition);
  if (cron === null)
    throw new OpsFailure("Could not render a timer", {
      observed: `${definition.id} is not started by a schedule`,
      expected: "a definition with a cron trigger",
    });
  return [
    renderedHeader(definition),
    "",
    "[Unit]",
    `Description=${descriptionOf(definition)}: its schedule`,
    "Documentation=file:%h/state-hub-ops/systemd/README.md",
    "",
    "[Timer]",
    `# ${cron}`,
    `OnCalendar=${onCalendar(cron)}`,
    "AccuracySec=1s",
    "RandomizedDelaySec=0",
    "Persistent=false",
    `Unit=${name}.service`,
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ].join("\n");
}
