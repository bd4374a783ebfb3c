// What is brought back can be: its copy is whole, and nothing that somebody put there meanwhile is in its way.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { timersOf, unitsOf } from "../move_terms.ts";
import { inTheWay, readArchive } from "../unit_archive.ts";
import { type Gate, pass, refuse } from "./gate.ts";

export const unitsCanComeBack: Gate = {
  id: "units_can_come_back",
  claim: "The units that are brought back are whole, and nothing is in their way",
  remedy: "scripts/cutover.ts schedule status",
  look: ({ move, terms }) => {
    const { installedFolder, unitFolder } = move.world;
    const archive = terms.archive === "" ? null : readArchive(terms.archive);
    const obstacles = archive === null ? [] : inTheWay(installedFolder, archive);
    if (obstacles.length > 0) return refuse(obstacles.join("; "), `ls -l ${installedFolder}`);
    const folders = [installedFolder, unitFolder, ...(archive === null ? [] : [terms.archive])];
    const missing = unitsOf(timersOf(terms)).filter(
      (unit) => !folders.some((folder) => existsSync(join(folder, unit))),
    );
    if (missing.length > 0) return refuse(`${missing.join(", ")}: neither installed, nor archived, nor the toolkit's`);
    return pass(archive === null ? `the toolkit's own, from ${unitFolder}` : `from ${terms.archive}`);
  },
};
