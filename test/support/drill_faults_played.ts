// Plays one fault, and holds what was said and what is left against what has to be.
import { expect } from "bun:test";
import { join } from "node:path";
import type { Fault } from "./drill_fault.ts";
import { programsOf, signalled, stopped } from "./drill_faults_programs.ts";
import { emptyDisk, type FaultScene, leftBehind, saidBy, stored } from "./drill_faults_scene.ts";
import type { ScriptEnded } from "./script_process.ts";

/** Exit 2, the reason, what to do, and nothing that runs, lies about or looks like a backup. */
export async function expectUnverified(scene: FaultScene, fault: Fault): Promise<void> {
  const before = stored(scene);
  const undo = await fault.before?.(scene);
  try {
    const ended = await played(scene, fault);
    const { verdict, text, hint } = saidBy(ended);
    expect(text).toMatch(fault.says);
    expect(hint).toMatch(fault.hint);
    expect([ended.code, verdict]).toEqual([2, fault.args(scene)[0] === "backup" ? null : "could_not_verify"]);
    expect(await leftBehind(scene)).toEqual([]);
    expect(stored(scene)).toEqual(before);
  } finally {
    await undo?.();
    emptyDisk(scene.disk);
  }
}

async function played(scene: FaultScene, { args, env, amid, happens }: Fault): Promise<ScriptEnded> {
  const { home, url } = scene;
  const temporary = { TMPDIR: join(home.path, "temporary") };
  const running = home.start([...args(scene), "--json"], { DATABASE_URL: url, ...temporary, ...env?.(scene) });
  try {
    if (amid !== undefined) {
      const program = await stopped(home.path, amid);
      await happens?.(scene, program);
      signalled(program, "SIGCONT");
    }
  } catch (error) {
    for (const each of programsOf(home.path)) signalled(each, "SIGKILL");
    throw error;
  }
  return running.ended;
}
