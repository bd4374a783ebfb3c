// Runs the tests and ends with one line, "N passed, N failed", whether in one `bun test` or in several side by side.
// Usage: scripts/bun test/run_tests.ts quick|long [PATH...] [flags of bun test]
import { normalize } from "node:path";
import { judge, together, type Verdict } from "./judge_run.ts";
import { type Lane, lanesOf, lanesWanted } from "./lanes.ts";
import { isInterrupted, runLanes } from "./run_lanes.ts";

const SUITES = {
  quick: { folder: "test", without: ["test/long/", "test/bench/"], inLanes: true },
  // Its loops measure, and want the machine for themselves.
  long: { folder: "test/long", without: [], inLanes: false },
} as const;
type Suite = (typeof SUITES)[keyof typeof SUITES];

const EXIT_USAGE = 64;

/** Test files of a suite in the current folder, in a fixed order, at or below one of `paths` if there are any. */
function testFiles(suite: Suite, paths: readonly string[]): string[] {
  const below = (file: string, path: string) => file === path || file.startsWith(`${path.replace(/\/$/, "")}/`);
  return [...new Bun.Glob(`${suite.folder}/**/*.test.{ts,tsx,js,mjs}`).scanSync({ dot: true })]
    .filter((file) => !suite.without.some((folder) => file.startsWith(folder)))
    .filter((file) => paths.length === 0 || paths.some((path) => below(file, normalize(path))))
    .sort();
}

/** @returns the exit code: 0 only when every test that can run here ran and passed; 128 + signal when it was interrupted */
async function main([name, ...rest]: readonly string[]): Promise<number> {
  const suite = name === "quick" || name === "long" ? SUITES[name] : undefined;
  if (suite === undefined) {
    process.stderr.write(`Could not run the tests: ${name ?? "nothing"}, wanted quick or long\n`);
    return EXIT_USAGE;
  }
  const firstFlag = rest.findIndex((word) => word.startsWith("-"));
  const paths = firstFlag === -1 ? rest : rest.slice(0, firstFlag);
  const files = testFiles(suite, paths);
  if (files.length === 0) {
    const where = paths.length === 0 ? suite.folder : paths.join(" ");
    return conclude({ passed: 0, failed: 1, remarks: [`No test file in ${where}`] }, []);
  }
  // Who asks for a part looks at it while it runs: no lane whose output comes later.
  const lanes =
    suite.inLanes && rest.length === 0 ? lanesOf(files, lanesWanted(process.env)) : [{ name: "only", files }];
  announce(lanes);
  const runs = await runLanes(lanes, rest.slice(paths.length));
  if (runs.length > 1) {
    const times = runs.map(({ lane, seconds }) => `the ${lane} lane took ${seconds} s`);
    process.stderr.write(`\n${times.join(", ")}\n`);
  }
  return conclude(
    together(runs.map(judge)),
    runs.map(({ exitCode }) => exitCode),
  );
}

function announce(lanes: readonly Lane[]): void {
  if (lanes.length < 2) return;
  const counts = lanes.map(({ name, files }) => `${files.length} files in the ${name} lane`);
  process.stderr.write(`${counts.join(", ")}, side by side: what follows is the ${lanes[0]?.name} lane\n`);
}

function conclude({ passed, failed, remarks }: Verdict, exitCodes: readonly number[]): number {
  for (const remark of remarks) process.stderr.write(`${remark}\n`);
  // A test may leave a line unfinished, and the last line must stand alone.
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return exitCodes.find(isInterrupted) ?? (failed === 0 ? 0 : 1);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
