// A mover of its own process, as the script is one: applies a plan of a test's scene, and dies by SIGKILL at the point that it was
// given ("disable_timer:acted"). Usage: bun schedule_move_process.ts SCENE PLAN [POINT]
import { readFileSync } from "node:fs";
import { ACTS } from "../../lib/cutover/schedule/acts.ts";
import { applyMove } from "../../lib/cutover/schedule/apply_move.ts";
import { kindOf } from "../../lib/cutover/schedule/move_terms.ts";
import { readPlan } from "../../lib/plan/plan_file.ts";
import { inMove } from "./schedule_moves.ts";
import type { SceneFile } from "./schedule_scene.ts";

const [sceneFile = "", planFile = "", point] = process.argv.slice(2);
const scene: SceneFile = JSON.parse(readFileSync(sceneFile, "utf8"));
const plan = readPlan(
  planFile,
  ACTS.map(({ name }) => kindOf(name)),
);
const applied = await inMove(scene, (move) =>
  applyMove(move, plan, {
    file: planFile,
    on: ({ step, at }) => {
      process.stderr.write(`${step}:${at}\n`);
      if (`${step}:${at}` === point) process.kill(process.pid, "SIGKILL");
    },
  }),
);
process.stdout.write(`${JSON.stringify(applied)}\n`);
