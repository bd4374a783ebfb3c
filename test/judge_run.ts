// What a run of `bun test` proved. It exists because `bun test` answers 0 to things that are no pass: a skipped test, a
// test.only left behind, a file without tests, a test that calls process.exit(0).
import { NEEDS_KUBECTL } from "./support/kubectl_problem.ts";

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  /** Each test that failed, and why something counts as failed that Bun's own output does not call a failure. */
  readonly remarks: readonly string[];
}

export interface BunRun {
  readonly lane: string;
  readonly files: readonly string[];
  readonly seconds: number;
  /** Bun's own, or 128 + the signal that ended it. */
  readonly exitCode: number;
  /** Bun's JUnit document; undefined when Bun ended before it wrote one. */
  readonly report: string | undefined;
  /** Why tests that need kubectl may be skipped; null when they may not. */
  readonly noKubectl: string | null;
  /** With `-t NAME` Bun reports every other test as skipped: then that is what was asked for. */
  readonly byName: boolean;
}

/**
 * Counts from the report, never from printed lines, which a test could print itself. A skipped test, a file that
 * reported no test, and a run that failed without a failed test (an error between tests) each count as failed.
 */
export function judge({ lane, files, exitCode, report, byName, noKubectl }: Omit<BunRun, "seconds">): Verdict {
  const root = report?.match(/<testsuites\b[^>]*>/)?.[0];
  const ended = `bun test ended with ${exitCode}`;
  if (report === undefined || root === undefined) {
    return { passed: 0, failed: 1, remarks: [`The ${lane} lane: ${ended} before it wrote its report`] };
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
      ...failedTests(report),
      ...silent.map((file) => `${file}: reported no test; its error stands above, or it has none`),
      ...(allowed > 0 ? [`${allowed} skipped: ${noKubectl}`] : []),
      ...(skipped > 0 ? [`${skipped} skipped or todo: a test that does not run proves nothing`] : []),
      ...(unexplained ? [`The ${lane} lane: ${ended}, ${passed} passed and no test failed: see above`] : []),
    ],
  };
}

/** The verdict of several runs side by side: a lane of which nothing is known makes the whole a failure. */
export function together(verdicts: readonly Verdict[]): Verdict {
  const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((all, verdict) => all + of(verdict), 0);
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    remarks: verdicts.flatMap(({ remarks }) => remarks),
  };
}

/** As `file: describe > test`. */
function failedTests(report: string): string[] {
  return [...report.matchAll(/<testcase ([^>]*)>\s*<failure/g)].map(([, attributes = ""]) => {
    const [file, group, name] = ["file", "classname", "name"].map((word) => attributeOf(attributes, word));
    return `Failed: ${file}: ${[group, name].filter(Boolean).join(" > ")}`;
  });
}

function attributeOf(attributes: string, name: string): string {
  const text = attributes.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? "";
  const plain: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&" };
  return text.replace(/&\w+;/g, (entity) => plain[entity] ?? entity);
}

function skippedForKubectl(report: string): number {
  const skipped = [...report.matchAll(/<testcase ([^>]*)>\s*<skipped/g)];
  return skipped.filter(([, attributes = ""]) => attributes.includes(NEEDS_KUBECTL)).length;
}
