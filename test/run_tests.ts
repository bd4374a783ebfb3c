// Runs the tests and ends with one line, "N passed, N failed". It exists because `bun test` answers 0 to things that
// are no pass: a skipped test, a test.only left behind, a file without tests, a test that calls process.exit(0).
// Usage: scripts/bun test/run_tests.ts quick|long [PATH...] [flags of bun test]
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { kubectlProblem, NEEDS_KUBECTL } from "./support/kubectl_problem.ts";

const SUITES = {
  quick: { folder: "test", without: ["test/long/", "test/bench/"] },
  long: { folder: "test/long", without: [] },
} as const;
type Suite = (typeof SUITES)[keyof typeof SUITES];

const TEST_TIMEOUT_MS = 60_000;
const EXIT_USAGE = 64;

interface Verdict {
  readonly passed: number;
  readonly failed: number;
  /** Why something counts as failed that Bun's own output does not call a failure. */
  readonly remarks: readonly string[];
}

interface BunRun {
  readonly files: readonly string[];
  /** Bun's own, or 128 + the signal that ended it. */
  readonly exitCode: number;
  /** Bun's JUnit document; undefined when Bun ended before it wrote one. */
  readonly report: string | undefined;
  /** Why tests that need kubectl may be skipped; null when they may not. */
  readonly noKubectl: string | null;
  /** With `-t NAME` Bun reports every other test as skipped: then that is what was asked for. */
  readonly byName: boolean;
}

/** Test files of a suite in the current folder, in a fixed order, at or below one of `paths` if there are any. */
function testFiles(suite: Suite, paths: readonly string[]): string[] {
  const below = (file: string, path: string) => file === path || file.startsWith(`${path.replace(/\/$/, "")}/`);
  return [...new Bun.Glob(`${suite.folder}/**/*.test.{ts,tsx,js,mjs}`).scanSync({ dot: true })]
    .filter((file) => !suite.without.some((folder) => file.startsWith(folder)))
    .filter((file) => paths.length === 0 || paths.some((path) => below(file, normalize(path))))
    .sort();
}

/** Output goes straight through. CI=true makes a forgotten test.only an error instead of a quiet filter. */
async function runBun(files: readonly string[], flags: readonly string[]): Promise<BunRun> {
  const folder = mkdtempSync(join(tmpdir(), "state-hub-tests-"));
  const outfile = join(folder, "junit.xml");
  const byName = flags.some((flag) => /^(-t|--test-name-pattern)/.test(flag));
  try {
    const fixed = ["test", `--timeout=${TEST_TIMEOUT_MS}`, "--reporter=junit", `--reporter-outfile=${outfile}`];
    const child = Bun.spawn(
      [process.execPath, "--no-env-file", ...fixed, ...flags, ...files.map((file) => `./${file}`)],
      {
        env: { ...process.env, CI: "true" },
        stdio: ["ignore", "inherit", "inherit"],
      },
    );
    const stay = () => {};
    const passOn = (signal: NodeJS.Signals) => child.kill(signal);
    process.on("SIGINT", stay).on("SIGTERM", passOn).on("SIGHUP", passOn);
    const exitCode = await child.exited;
    return { files, exitCode, report: readIfThere(outfile), byName, noKubectl: kubectlProblem() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Counts from the report, never from printed lines, which a test could print itself. A skipped test, a file that
 * reported no test, and a run that failed without a failed test (an error between tests) each count as failed.
 */
export function judge({ files, exitCode, report, byName, noKubectl }: BunRun): Verdict {
  const root = report?.match(/<testsuites\b[^>]*>/)?.[0];
  if (report === undefined || root === undefined) {
    return { passed: 0, failed: 1, remarks: [`bun test ended with ${exitCode} before it wrote its report`] };
  }
  const count = (name: string) => Number(root.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? Number.NaN);
  const reported = new Set([...report.matchAll(/<testsuite\b[^>]*? file="([^"]*)"/g)].map((match) => match[1]));
  const silent = byName ? [] : files.filter((file) => !reported.has(file));
  const allowed = byName || noKubectl === null ? 0 : skippedForKubectl(report);
  const skipped = byName ? 0 : count("skipped") - allowed;
  const known = count("failures") + skipped + silent.length;
  const passed = count("tests") - count("failures") - count("skipped");
  const unexplained = known === 0 && (exitCode !== 0 || passed === 0);
  return {
    passed,
    failed: known + (unexplained ? 1 : 0),
    remarks: [
      ...silent.map((file) => `${file}: reported no test; its error stands above, or it has none`),
      ...(allowed > 0 ? [`${allowed} skipped: ${noKubectl}`] : []),
      ...(skipped > 0 ? [`${skipped} skipped or todo: a test that does not run proves nothing`] : []),
      ...(unexplained ? [`bun test ended with ${exitCode}, ${passed} passed and no test failed: see above`] : []),
    ],
  };
}

function skippedForKubectl(report: string): number {
  const skipped = [...report.matchAll(/<testcase ([^>]*)>\s*<skipped/g)];
  return skipped.filter(([, attributes = ""]) => attributes.includes(NEEDS_KUBECTL)).length;
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
    return conclude({ passed: 0, failed: 1, remarks: [`No test file in ${where}`] }, 0);
  }
  const bun = await runBun(files, rest.slice(paths.length));
  return conclude(judge(bun), bun.exitCode);
}

function conclude({ passed, failed, remarks }: Verdict, exitCode: number): number {
  for (const remark of remarks) process.stderr.write(`${remark}\n`);
  // A test may leave a line unfinished, and the last line must stand alone.
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  const interrupted = [129, 130, 143].includes(exitCode);
  if (interrupted) return exitCode;
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
