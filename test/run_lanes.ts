// Runs each lane of test files in a `bun test` of its own, side by side. Two that print at once could be read by nobody:
// the first prints as it goes, the output of the others is kept until all have ended.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endGroup } from "../lib/process/run.ts";
import type { BunRun } from "./judge_run.ts";
import type { Lane } from "./lanes.ts";
import { kubectlProblem } from "./support/kubectl_problem.ts";

const TEST_TIMEOUT_MS = 60_000;

interface Started extends Lane {
  readonly child: Bun.Subprocess;
  /** Where Bun writes its JUnit document. */
  readonly report: string;
  /** What it prints, when that is kept; null when it goes straight through. */
  readonly kept: string | null;
}

/** One run per lane, in their order, when all have ended. SIGINT, SIGTERM and SIGHUP are passed on to all of them. */
export async function runLanes(lanes: readonly Lane[], flags: readonly string[]): Promise<BunRun[]> {
  const folder = mkdtempSync(join(tmpdir(), "state-hub-tests-"));
  const byName = flags.some((flag) => /^(-t|--test-name-pattern)/.test(flag));
  try {
    const started = lanes.map((lane, index) => start(lane, flags, { folder, keep: index > 0 }));
    passSignalsOn(started);
    const ends = await Promise.all(started.map(endOf));
    for (const lane of started) await printKept(lane);
    const noKubectl = kubectlProblem();
    return ends.map((end) => ({ ...end, byName, noKubectl }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** CI=true makes a forgotten test.only an error instead of a quiet filter. */
function start(lane: Lane, flags: readonly string[], { folder, keep }: { folder: string; keep: boolean }): Started {
  const report = join(folder, `${lane.name}.xml`);
  const kept = keep ? join(folder, `${lane.name}.log`) : null;
  const output = kept === null ? "inherit" : openSync(kept, "a");
  const fixed = ["test", `--timeout=${TEST_TIMEOUT_MS}`, "--reporter=junit", `--reporter-outfile=${report}`];
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", ...fixed, ...flags, ...lane.files.map((file) => `./${file}`)],
    {
      env: { ...process.env, CI: "true" },
      stdio: ["ignore", output, output],
      // A group of its own: Ctrl-C comes to us alone, and each lane gets it once.
      detached: true,
    },
  );
  if (typeof output === "number") closeSync(output);
  return { ...lane, child, report, kept };
}

function passSignalsOn(lanes: readonly Started[]): void {
  const passOn = (signal: NodeJS.Signals) => {
    for (const { child } of lanes) child.kill(signal);
  };
  // A second Ctrl-C is meant: it ends a lane the hard way. When a terminal closes, whoever started us passes SIGHUP on too.
  process.on("SIGINT", passOn).once("SIGTERM", passOn).once("SIGHUP", passOn);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
}

/** What is left of a lane that was interrupted goes with it. */
async function endOf({ name, files, child, report }: Started) {
  const exitCode = await child.exited;
  if (isInterrupted(exitCode)) endGroup(child.pid);
  return { lane: name, files, exitCode, report: readIfThere(report), seconds: Math.round(performance.now() / 1000) };
}

/** SIGHUP, SIGINT or SIGTERM ended it. */
export function isInterrupted(exitCode: number): boolean {
  return [129, 130, 143].includes(exitCode);
}

async function printKept({ name, kept }: Started): Promise<void> {
  if (kept === null) return;
  process.stdout.write(`\n===== The ${name} lane, which ran beside the above =====\n`);
  for await (const chunk of Bun.file(kept).stream())
    await new Promise((written) => process.stdout.write(chunk, written));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
