// One mover at a time: nobody else holds the lock, and no earlier move was left half done, unless this one takes it back.

import { openMove } from "../move_journal.ts";
import { ACT_WORDS, type ActName } from "../move_terms.ts";
import { applyCommand } from "../own_commands.ts";
import { type Gate, pass, refuse } from "./gate.ts";

/** Which half-done moves a move may end: its like, where that changes nothing that was done, and going back ends any. */
const ENDS: Readonly<Record<ActName, readonly ActName[]>> = {
  switch: [],
  rollback: ["switch", "rollback", "canary", "parallel", "end-parallel"],
  canary: ["canary"],
  parallel: ["parallel"],
  "end-parallel": ["parallel", "end-parallel"],
};

export const nobodyElseMoving: Gate = {
  id: "nobody_else_moving",
  claim: "Nobody else moves the schedule, and no earlier move is half done",
  remedy: "scripts/cutover.ts schedule status",
  look: ({ otherMover, entries, terms }) => {
    if (otherMover !== null) return refuse(`${otherMover} moves the schedule now`);
    const open = openMove(entries);
    if (open === null) return pass("no other move");
    if (ENDS[terms.act].includes(open.act))
      return pass(`ends the ${ACT_WORDS[open.act]} that was begun at ${open.since}`);
    return refuse(
      `the ${ACT_WORDS[open.act]} that was begun at ${open.since} is half done`,
      applyCommand(open.cluster, open.act, open.file),
    );
  },
};
