// Bringing the units back: those that were archived, as they were, or the toolkit's own where none were. A file that somebody put
// there meanwhile stays.
import { join } from "node:path";
import { OpsFailure } from "../../../failure.ts";
import type { Step } from "../../../plan/run_steps.ts";
import { runSystemctl, systemctl, unitState } from "../../../systemd/user_units.ts";
import type { Move } from "../move.ts";
import { type MoveTerms, timersOf, unitsOf } from "../move_terms.ts";
import { steady } from "../steady.ts";
import {
  type ArchivedFile,
  inTheWay,
  missingFiles,
  readArchive,
  restoreFile,
  type UnitArchive,
} from "../unit_archive.ts";

type Restoring = Pick<MoveTerms, "timers" | "archive">;

export function restoreUnits({ world }: Pick<Move, "world">, terms: Restoring): Step {
  const units = unitsOf(timersOf(terms));
  const archive = terms.archive === "" ? null : readArchive(terms.archive);
  const from = archive === null ? world.unitFolder : terms.archive;
  return {
    id: "restore_units",
    says: `${units.join(", ")}: brought back to ${world.installedFolder}, from ${from}`,
    commands: [...linkCommands(world, units, archive), systemctl.daemonReload()],
    undo: `systemctl --user disable ${units.join(" ")}`,
    look: async () => {
      const missing = archive === null ? [] : missingFiles(world.installedFolder, archive).map(({ name }) => name);
      const states = await Promise.all(units.map((unit) => unitState(world.units, unit)));
      const unknown = states
        .filter(({ load, needsReload }) => load !== "loaded" || needsReload)
        .map(({ unit }) => unit);
      return { done: missing.length === 0 && unknown.length === 0, evidence: { from, missing, unknown } };
    },
    act: async () => {
      const door = steady(world.units);
      if (archive === null) await linkOwn(world, units);
      else await bringBack(world, terms.archive, archive);
      await runSystemctl(door, systemctl.daemonReload());
    },
  };
}

function linkCommands(
  { unitFolder }: Move["world"],
  units: readonly string[],
  archive: UnitArchive | null,
): string[][] {
  if (archive === null) return units.map((unit) => systemctl.link(join(unitFolder, unit)));
  return archive.files.flatMap(({ target }) => (target === null ? [] : [systemctl.link(target)]));
}

async function linkOwn({ units: door, unitFolder }: Move["world"], units: readonly string[]): Promise<void> {
  for (const unit of units) {
    const { load } = await unitState(door, unit);
    if (load === "not-found") await runSystemctl(steady(door), systemctl.link(join(unitFolder, unit)));
  }
}

async function bringBack(world: Move["world"], folder: string, archive: UnitArchive): Promise<void> {
  const obstacles = inTheWay(world.installedFolder, archive);
  if (obstacles.length > 0)
    throw new OpsFailure("Could not bring the units back", {
      observed: obstacles.join("; "),
      expected: "nothing, or the same, where they stood",
      hint: `ls -l ${world.installedFolder}`,
    });
  for (const file of missingFiles(world.installedFolder, archive)) {
    if (isUnitLink(file)) await runSystemctl(steady(world.units), systemctl.link(file.target));
    else restoreFile(folder, world.installedFolder, file);
  }
}

function isUnitLink(file: ArchivedFile): file is ArchivedFile & { readonly target: string } {
  return file.target !== null && !file.name.includes("/");
}
