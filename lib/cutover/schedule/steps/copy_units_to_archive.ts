// A copy of the installed units, as they are, before anything is done to them: what a rollback brings back.
import type { Step } from "../../../plan/run_steps.ts";
import { unitState } from "../../../systemd/user_units.ts";
import type { Move } from "../move.ts";
import { type MoveTerms, timersOf, unitsOf } from "../move_terms.ts";
import { copyToArchive, readArchive } from "../unit_archive.ts";

export function copyUnitsToArchive({ world }: Pick<Move, "world">, terms: Pick<MoveTerms, "timers" | "archive">): Step {
  const timers = timersOf(terms);
  return {
    id: "copy_units_to_archive",
    says: `What stands of ${timers.join(", ")} in ${world.installedFolder} is copied to ${terms.archive}`,
    commands: [],
    undo: "nothing to undo: copies are kept",
    look: async () => {
      const archive = readArchive(terms.archive);
      const files = archive?.files.map(({ name }) => name) ?? [];
      return { done: archive !== null, evidence: { archive: terms.archive, files } };
    },
    act: async () => {
      const states = await Promise.all(timers.map((timer) => unitState(world.units, timer)));
      const enabled = states.filter(({ file }) => file.startsWith("enabled")).map(({ unit }) => unit);
      const made_at = new Date().toISOString();
      copyToArchive(terms.archive, world.installedFolder, { units: unitsOf(timers), enabled, made_at });
    },
  };
}
