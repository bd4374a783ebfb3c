// Every file that follows from a definition, and where it belongs. What says when and for how long a run may be is written
// once, in the definition: these are made from it and never edited.
import { type Deadlines, deadlinesOf } from "./deadlines.ts";
import { type ActivityDefinition, cronOf, unitNameOf } from "./definition.ts";
import { renderCronJob } from "./render/cron_job.ts";
import { renderService } from "./render/unit_service.ts";
import { renderTimer } from "./render/unit_timer.ts";

export interface RenderedFile {
  /** The definition's id. */
  readonly definition: string;
  /** From the toolkit's root: "systemd/active/NAME.timer". */
  readonly path: string;
  readonly text: string;
}

interface Template {
  readonly pathOf: (unitName: string) => string;
  readonly render: (definition: ActivityDefinition, deadlines: Deadlines) => string;
}

const TEMPLATES: readonly Template[] = [
  { pathOf: (name) => `systemd/active/${name}.service`, render: renderService },
  { pathOf: (name) => `systemd/active/${name}.timer`, render: renderTimer },
  { pathOf: (name) => `k8s/apps/cronjob-${name}.yaml`, render: renderCronJob },
];

/** Folders of rendered files, and what theirs are called: a file of that name that nothing renders may be left over. */
export const RENDERED_FOLDERS = [
  { folder: "systemd/active", pattern: /\.(?:service|timer)$/ },
  { folder: "k8s/apps", pattern: /^cronjob-.*\.yaml$/ },
] as const;

/** None for a definition that an event triggers: nothing fires it by the clock. */
export function renderedFiles(definition: ActivityDefinition): RenderedFile[] {
  if (cronOf(definition) === null) return [];
  const deadlines = deadlinesOf(definition);
  return TEMPLATES.map(({ pathOf, render }) => ({
    definition: definition.id,
    path: pathOf(unitNameOf(definition)),
    text: render(definition, deadlines),
  }));
}
