// The stages of drills and backups, to be stopped in each of them: by a signal that asks, and by one that does not.
import { expect } from "bun:test";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { backup, fromStore } from "./drill_fault.ts";
import { type FaultScene, leftBehind, stored } from "./drill_faults_scene.ts";

export interface StageOfRun {
  readonly stage: string;
  readonly args: (scene: FaultScene) => readonly string[];
}

const live = () => [];
const through = ({ key }: FaultScene) => ["--encrypt", key.recipient, "--identity", key.identity];

export const STAGES: readonly StageOfRun[] = [
  { stage: "Looking at the live server", args: live },
  { stage: "Opening the snapshot", args: live },
  { stage: "Holding the tables", args: live },
  { stage: "Reading the inventory", args: live },
  { stage: "Fingerprinting", args: live },
  { stage: "Dumping", args: live },
  { stage: "Starting a disposable server", args: live },
  { stage: "Restoring", args: live },
  { stage: "Fingerprinting the copy", args: live },
  { stage: "Comparing definitions", args: live },
  { stage: "Asking the hub over the copy", args: live },
  { stage: "Dumping", args: backup },
  { stage: "Storing", args: backup },
  { stage: "Storing", args: through },
  { stage: "Verifying the parts", args: through },
  { stage: "Reading the store", args: fromStore },
  { stage: "Verifying the parts", args: fromStore },
  { stage: "Reading the facts", args: fromStore },
  { stage: "Starting a disposable server", args: fromStore },
  { stage: "Restoring", args: fromStore },
];

/** 128 + the signal's number, as shells have it. */
export const ASKING = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Within ten seconds, by its own exit code, and nothing is left. */
export async function expectStopped(
  scene: FaultScene,
  { stage, args }: StageOfRun,
  signal: keyof typeof ASKING,
): Promise<void> {
  const before = stored(scene);
  const running = scene.home.start(args(scene), { DATABASE_URL: scene.url });
  await running.said(stage);
  const at = performance.now();
  running.kill(signal);
  const { code, err } = await running.ended;
  expect(performance.now() - at).toBeLessThan(10_000);
  expect(err).toContain(`Stopped by ${signal}`);
  expect(code).toBe(ASKING[signal]);
  expect(await leftBehind(scene)).toEqual([]);
  expect(stored(scene)).toEqual(before);
}

/** What it leaves is no backup, and the next run ends and removes the rest, and passes. */
export async function expectMended(scene: FaultScene, { stage, args }: StageOfRun): Promise<void> {
  const before = stored(scene);
  const running = scene.home.start(args(scene), { DATABASE_URL: scene.url });
  await running.said(stage);
  running.kill("SIGKILL");
  expect((await running.ended).code).toBe(137);
  const halves = stored(scene).filter((name) => !before.includes(name));
  for (const name of halves) {
    expect(existsSync(join(scene.store, name, "manifest.json"))).toBe(false);
    rmSync(join(scene.store, name), { recursive: true });
  }
  const left = readdirSync(join(scene.home.path, "drill")).filter((name) => name.startsWith("drill-"));
  const next = await scene.home.type(fromStore(scene));
  for (const name of left) expect(next.err).toContain(`${name}, left by a drill that was killed`);
  expect([next.code, next.out]).toEqual([0, expect.stringContaining("Passed")]);
  expect(await leftBehind(scene)).toEqual([]);
  expect(stored(scene)).toEqual(before);
}
