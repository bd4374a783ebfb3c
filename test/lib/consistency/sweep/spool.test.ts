// Keeping a run while there is no database.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SPOOL_LIMIT, spoolRun } from "../../../../lib/consistency/sweep/spool.ts";
import { spooledFiles, spoolFolder } from "../../../../lib/consistency/sweep/spool_folder.ts";
import { describeFailure } from "../../../../lib/failure.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { failedSweep } from "./waiting_runs.ts";

const temporary = temporaryFolder();
afterAll(() => temporary.remove());
let homes = 0;
const newHome = () => join(temporary.path, `home-${++homes}`);

const refusal = (promise: Promise<unknown>) => promise.then(() => "kept", describeFailure);

describe("spoolRun()", () => {
  test("keeps the whole run in a file of its own, in the folder of its hub", async () => {
    const home = newHome();
    const [first, second] = [failedSweep(), failedSweep()];
    const path = await spoolRun(home, "one-hub", first);
    await spoolRun(home, "another-hub", second);
    expect(dirname(path)).toBe(spoolFolder(home, "one-hub"));
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(first);
    expect(spooledFiles(spoolFolder(home, "one-hub"))).toEqual([basename(path)]);
    expect(spooledFiles(spoolFolder(home, "another-hub"))).toHaveLength(1);
  });

  test("keeps a run once, however often it is told to", async () => {
    const home = newHome();
    const run = failedSweep();
    const path = await spoolRun(home, "hub", run);
    await spoolRun(home, "hub", failedSweep());
    expect(await spoolRun(home, "hub", run)).toBe(path);
    expect(spooledFiles(spoolFolder(home, "hub"))).toHaveLength(2);
  });

  test(`keeps ${SPOOL_LIMIT} runs and says of one more that it is lost; the ones it has stay`, async () => {
    const home = newHome();
    const folder = spoolFolder(home, "hub");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (let n = 1; n < SPOOL_LIMIT; n++)
      writeFileSync(join(folder, `${String(n).padStart(10, "0")}-${Bun.randomUUIDv7()}.json`), "{}");
    const last = failedSweep();
    await spoolRun(home, "hub", last);
    expect(await refusal(spoolRun(home, "hub", failedSweep()))).toContain(
      `Could not keep one more run: ${SPOOL_LIMIT} wait already`,
    );
    expect(await refusal(spoolRun(home, "hub", last))).toBe("kept");
    expect(readdirSync(folder)).toHaveLength(SPOOL_LIMIT);
  });

  test("says where it could not write", async () => {
    const home = newHome();
    writeFileSync(home, "a file");
    const said = await refusal(spoolRun(home, "hub", failedSweep()));
    expect(said).toContain("Could not keep the run until the database is back");
    expect(said).toContain(spoolFolder(home, "hub"));
  });
});
