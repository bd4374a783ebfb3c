// Taking the installed units away, once a copy of them is kept: a timer that is only disabled is enabled again by the next person
// who follows an old page.

import { OpsFailure } from "../../../failure.ts";
import type { Step } from "../../../plan/run_steps.ts";
import { runSystemctl, systemctl, unitState } from "../../../systemd/user_units.ts";
import type { Move } from "../move.ts";
import { type MoveTerms, timersOf, unitsOf } from "../move_terms.ts";
import { steady } from "../steady.ts";
import { forgetFailed } from "../timer_memory.ts";
import { installedFiles, readArchive, removeInstalled } from "../unit_archive.ts";

export function removeUnits({ world }: Pick<Move, "world">, terms: Pick<MoveTerms, "timers" | "archive">): Step {
  const units = unitsOf(timersOf(terms));
  return {
    id: "remove_units",
    says: `${units.join(", ")}: taken out of ${world.installedFolder}, now that a copy is kept`,
    commands: [systemctl.daemonReload()],
    undo: "scripts/cutover.ts schedule rollback",
    look: async () => {
      const files = installedFiles(world.installedFolder, units).map(({ name }) => name);
      const states = await Promise.all(units.map((unit) => unitState(world.units, unit)));
      const known = states.filter(({ load, active }) => load !== "not-found" || active === "failed");
      return {
        done: files.length === 0 && known.length === 0,
        evidence: { files, known: known.map(({ unit }) => unit) },
      };
    },
    act: async () => {
      const archive = readArchive(terms.archive);
      if (archive === null) throw noCopy(terms.archive);
      removeInstalled(world.installedFolder, archive);
      await runSystemctl(steady(world.units), systemctl.daemonReload());
      await forgetFailed(world.units, units);
    },
  };
}

function noCopy(where: string): OpsFailure {
  return new OpsFailure("Could not take the units away", { observed: "no copy of them is kept", where });
}
