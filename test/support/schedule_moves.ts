// Moves of a test's schedule: planned in this process, applied in this one or in one that may be killed.
import { join } from "node:path";
import { SWEEP_DEFINITION_ID } from "../../lib/activity/activity_run.ts";
import { type Applied, applyMove } from "../../lib/cutover/schedule/apply_move.ts";
import { type AskedMove, type PlannedMove, planMove } from "../../lib/cutover/schedule/make_plan.ts";
import type { Judges, Move } from "../../lib/cutover/schedule/move.ts";
import type { ActName } from "../../lib/cutover/schedule/move_terms.ts";
import { openDatabase } from "../../lib/db/connect.ts";
import { writePlan } from "../../lib/plan/plan_file.ts";
import { cronGrid } from "../../lib/schedule/cron_grid.ts";
import { Secret } from "../../lib/secret.ts";
import type { SceneFile, ScheduleScene } from "./schedule_scene.ts";

export const TEST_HOST = "test-host";
const PASS: Judges = {
  compare: async () => ({ verdict: "pass", says: "ready" }),
  definitionsAgree: async () => ({ verdict: "pass", says: "they agree" }),
};

export interface MoveOptions {
  readonly judges?: Partial<Judges>;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

/** Opens a move over a scene, and closes it whatever happened. */
export async function inMove<T>(
  scene: SceneFile,
  work: (move: Move) => Promise<T>,
  { judges, signal = new AbortController().signal, progress = () => {} }: MoveOptions = {},
): Promise<T> {
  const hub = await openDatabase({ url: new Secret(scene.url), applicationName: "mover", access: "read-write" });
  const locks = await hub.sessionLocks({ source: "manual", host: TEST_HOST, pid: process.pid });
  const { env, cron, home } = scene;
  const heard = AbortSignal.any([signal, locks.lost]);
  const cluster = { context: null, namespace: "state-hub", env, signal: heard };
  try {
    return await work({
      world: { ...scene.world, units: { env, signal: heard }, cluster },
      hub,
      locks,
      grid: cronGrid(cron),
      activity: { uuid: SWEEP_DEFINITION_ID, maxSeconds: 20 },
      home,
      host: TEST_HOST,
      operator: "test",
      judges: { ...PASS, ...judges },
      signal: heard,
      progress,
    });
  } finally {
    await locks.close();
    await hub.close();
  }
}

export async function sceneFileOf({ file }: Pick<ScheduleScene, "file">): Promise<SceneFile> {
  return Bun.file(file).json();
}

const USUAL = { hours: 1, baseline: "local-timer", candidate: "k8s-cronjob", clusterIsGone: false } as const;

/** @returns the plan as it was saved, also where a gate refused it: it is the test that judges */
export async function planned(
  scene: ScheduleScene,
  act: ActName,
  asked: Partial<AskedMove> = {},
  options: MoveOptions = {},
): Promise<PlannedMove & { readonly file: string }> {
  const made = await inMove(await sceneFileOf(scene), (move) => planMove(move, { ...USUAL, act, ...asked }), options);
  const file = join(scene.home, `${act}-${made.plan.id}.json`);
  writePlan(file, made.plan);
  return { ...made, file };
}

export async function applied(scene: ScheduleScene, file: string, options: MoveOptions = {}): Promise<Applied> {
  const { readPlan } = await import("../../lib/plan/plan_file.ts");
  const { ACTS } = await import("../../lib/cutover/schedule/acts.ts");
  const kinds = ACTS.map(({ name }) => `schedule-${name}`);
  return inMove(await sceneFileOf(scene), (move) => applyMove(move, readPlan(file, kinds), { file }), options);
}

/** Plans, insists on every gate, and applies. */
export async function moved(scene: ScheduleScene, act: ActName, options: MoveOptions = {}): Promise<Applied> {
  const { gates, file } = await planned(scene, act, {}, options);
  const held = gates.filter(({ verdict }) => verdict !== "pass");
  if (held.length > 0) throw new Error(`${act}: ${JSON.stringify(held)}`);
  return applied(scene, file, options);
}

export interface MoverEnd {
  /** null: it was killed. */
  readonly exitCode: number | null;
  readonly applied: Applied | null;
  /** "disable_timer:acted", in order. */
  readonly points: readonly string[];
  readonly said: string;
}

export interface MoverOptions {
  /** Where it dies; "": nowhere. */
  readonly point?: string;
  /** Told of each point as it is passed. */
  readonly onPoint?: (point: string) => void;
  /** Told its pid, to be signalled. */
  readonly onStart?: (pid: number) => void;
}

/** Applies a plan in a process of its own. */
export async function moverProcess(
  scene: Pick<ScheduleScene, "file" | "env">,
  file: string,
  { point = "", onPoint = () => {}, onStart = () => {} }: MoverOptions = {},
): Promise<MoverEnd> {
  const script = join(import.meta.dir, "schedule_move_process.ts");
  const child = Bun.spawn([process.execPath, script, scene.file, file, point], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...scene.env },
  });
  onStart(child.pid);
  const points: string[] = [];
  const [out, said] = await Promise.all([
    new Response(child.stdout).text(),
    linesOf(child.stderr, (line) => {
      if (!/^\w+:\w+$/.test(line)) return;
      points.push(line);
      onPoint(line);
    }),
  ]);
  await child.exited;
  const exitCode = child.signalCode === null ? child.exitCode : null;
  return { exitCode, applied: out === "" ? null : JSON.parse(out), points, said };
}

async function linesOf(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  let [all, rest] = ["", ""];
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    all += text;
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  return all;
}
