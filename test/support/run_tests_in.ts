// Runs test/run_tests.ts on a folder of test files made for it: what it says of each kind of test that must not pass quietly.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const HEAD = 'import { afterAll, expect, test } from "bun:test";\n';
export const PASS = 'test("passes", () => expect(1).toBe(1));\n';

export interface Started {
  /** The folder with the test files, which is also where they run. */
  readonly folder: string;
  readonly child: Bun.Subprocess;
  ended(): Promise<{ code: number; last: string | undefined; out: string; err: string }>;
}

/** @param files path below the folder, and the tests: `afterAll`, `expect` and `test` are there */
export function startTests(parent: string, files: Readonly<Record<string, string>>, ...args: string[]): Started {
  const folder = mkdtempSync(join(parent, "f"));
  for (const [name, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), HEAD + body);
  }
  const argv = [process.execPath, join(import.meta.dir, "../run_tests.ts"), ...args];
  const child = Bun.spawn(argv, {
    cwd: folder,
    // Whatever machine this is: two lanes.
    env: { ...process.env, TEST_LANES: "2" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = async () => {
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return { code: await child.exited, last: out.trimEnd().split("\n").at(-1), out, err };
  };
  return { folder, child, ended };
}
