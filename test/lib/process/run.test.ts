// Programs that hang, chatter, hide or refuse to go, real ones: none of them may hold a run up or be left behind.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { type RunOptions, run } from "../../../lib/process/run.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { timedFailureOf } from "../../support/failure_of.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { processesIn } from "../../support/processes_in.ts";

const WATCHDOG = 20_000;
/** What tidying up and closing pipes may take beyond a deadline, on a busy machine. */
const GRACE = 6_000;
const temporary = temporaryFolder();
let folders = 0;
/** Of the programs of one test: whoever works in it was started there. */
let folder = "";

afterEach(() => {
  for (const pid of folder === "" ? [] : processesIn(folder)) process.kill(Number(pid), "SIGKILL");
});
afterAll(() => temporary.remove());

/** Runs a script of sh in a folder of its own. */
function runScript(script: string, options: Partial<RunOptions> = {}) {
  folder = join(temporary.path, `${++folders}`);
  mkdirSync(folder);
  return run(["sh", "-c", script], { cwd: folder, env: environmentForPrograms(), deadlineMs: WATCHDOG, ...options });
}

function hasSaid(file: string): Promise<true> {
  return waitUntil({ forWhat: `the program to write ${file}`, deadlineMs: WATCHDOG }, () =>
    existsSync(join(folder, file)) ? { found: true as const } : { seen: "nothing" },
  );
}

function nobodyLeft(): Promise<true> {
  return waitUntil({ forWhat: "all that the program started to be gone", deadlineMs: WATCHDOG }, () => {
    const left = processesIn(folder);
    return left.length === 0 ? { found: true as const } : { seen: left.join(" ") };
  });
}

describe("run()", () => {
  test("gives the exit code and both outputs, whatever the exit code is", async () => {
    expect(await runScript("echo out; echo err >&2; exit 3")).toEqual({
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  test("hands over the words, the environment and stdin as they are, and closes a stdin that is not given", async () => {
    const env = { ...environmentForPrograms(), WORD: "$HOME *" };
    const options = { env, deadlineMs: WATCHDOG };
    const { stdout } = await run(["sh", "-c", 'printf "%s|" "$@" "$WORD"; cat', "sh", "a b", "$(exit 7)"], options);
    expect(stdout).toBe("a b|$(exit 7)|$HOME *|");
    expect(await run(["cat"], { ...options, stdin: "Übung\n" })).toMatchObject({ stdout: "Übung\n", exitCode: 0 });
  });

  test("says how to look for a program that is not there", async () => {
    const { error, said } = await timedFailureOf(run(["no-such-program"], { env: {}, deadlineMs: WATCHDOG }));
    expect(said).toStartWith("Could not start no-such-program");
    expect(error).toMatchObject({ hint: "command -v no-such-program" });
  });

  test("ends a program and its children at the deadline, with what it said last and no secret in it", async () => {
    const url = "postgresql://me:hunter2@db.example/hub";
    const script = `sleep 300 & echo first >&2; echo "asked ${url}" >&2; touch ready; wait`;
    const running = timedFailureOf(runScript(script, { deadlineMs: 500 }));
    const { error, said, afterMs } = await running;
    expect(error).toBeInstanceOf(OpsFailure);
    expect(said).toMatch(/^Could not finish sh: still running after 0.5 s, last said: asked postgres/);
    expect(said).not.toContain("hunter2");
    expect(afterMs).toBeGreaterThan(450);
    expect(afterMs).toBeLessThan(GRACE);
    await nobodyLeft();
  });

  test("tells what a late program said in time, not what it says while it is ended", async () => {
    const script = "trap 'echo hung up >&2; exit 1' TERM; echo asked >&2; touch ready; while :; do sleep 0.05; done";
    const { said } = await timedFailureOf(runScript(script, { deadlineMs: 500 }));
    expect(said).toMatch(/, last said: asked$/m);
  });

  test("asks a program to end before it ends it, so that it can take its locks away", async () => {
    const script = "trap 'touch tidied; exit 1' TERM; touch ready; while :; do sleep 0.05; done";
    const { said } = await timedFailureOf(runScript(script, { deadlineMs: 500 }));
    expect(said).toContain("still running after 0.5 s");
    expect(existsSync(join(folder, "tidied"))).toBe(true);
    await nobodyLeft();
  });

  test("ends one that will not be asked to end", async () => {
    const { said, afterMs } = await timedFailureOf(
      runScript("trap '' TERM INT HUP; while :; do sleep 300; done", { deadlineMs: 300 }),
    );
    expect(said).toContain("still running after 0.3 s");
    expect(afterMs).toBeLessThan(GRACE);
    await nobodyLeft();
  });

  test(
    "comes back at the deadline although what left the group holds its pipes open",
    async () => {
      const running = timedFailureOf(
        runScript("setsid sh -c 'touch escaped; exec sleep 300' & touch ready; wait", { deadlineMs: 1_000 }),
      );
      await hasSaid("escaped");
      const { error, said, afterMs } = await running;
      expect(error).toBeInstanceOf(OpsFailure);
      expect(said).toBe("Could not finish sh: still running after 1 s");
      expect(afterMs).toBeLessThan(1_000 + GRACE);
      // That the pipes were held is what this is about: else it would be the test before.
      expect(processesIn(folder)).toHaveLength(1);
    },
    WATCHDOG,
  );

  test("ends a program and its children when its signal is aborted, and throws the signal's reason", async () => {
    const [stop, reason] = [new AbortController(), new Error("the lock is gone")];
    const running = timedFailureOf(runScript("sleep 300 & sh -c 'touch ready; sleep 300'", { signal: stop.signal }));
    await hasSaid("ready");
    expect(processesIn(folder).length).toBeGreaterThanOrEqual(3);
    stop.abort(reason);
    const { error, afterMs } = await running;
    expect(error).toBe(reason);
    expect(afterMs).toBeLessThan(WATCHDOG);
    await nobodyLeft();
  });

  test("starts nothing under a signal that is aborted already", async () => {
    const reason = new Error("over");
    const { error } = await timedFailureOf(runScript("touch ready", { signal: AbortSignal.abort(reason) }));
    expect(error).toBe(reason);
    expect(existsSync(join(folder, "ready"))).toBe(false);
  });

  test("ends nothing, and throws nothing, when the signal is aborted after the program's end", async () => {
    const stop = new AbortController();
    const result = await runScript("echo $$ > ready", { signal: stop.signal });
    const pid = Number(readFileSync(join(folder, "ready"), "utf8"));
    const killed: number[] = [];
    const kill = process.kill;
    // A number that was free again may be another program's by now.
    process.kill = (target, signal) => {
      killed.push(target);
      return kill(target, signal);
    };
    try {
      stop.abort();
    } finally {
      process.kill = kill;
    }
    expect([result.exitCode, killed.filter((each) => Math.abs(each) === pid)]).toEqual([0, []]);
  });

  test("ends a program that prints more than it may, and says so", async () => {
    for (const stream of ["1", "2"]) {
      const { said } = await timedFailureOf(runScript(`sleep 300 & yes >&${stream}`, { maxOutputBytes: 100_000 }));
      expect(said).toBe("Could not take the output of sh: more than 100000 bytes");
      await nobodyLeft();
    }
    expect((await runScript("printf 12345", { maxOutputBytes: 5 })).stdout).toBe("12345");
  });

  test(
    "gives up on a pipe that an escaped child holds when it is aborted, and throws the signal's reason",
    async () => {
      const controller = new AbortController();
      const escapes = runScript("setsid sh -c 'touch escaped; exec sleep 300' & wait", {
        signal: controller.signal,
        deadlineMs: 80_000,
      });
      const failed = timedFailureOf(escapes);
      await hasSaid("escaped");
      const reason = new Error("the run is over");
      controller.abort(reason);
      const { error, afterMs } = await failed;
      expect(error).toBe(reason);
      expect(afterMs).toBeLessThan(WATCHDOG);
    },
    2 * WATCHDOG,
  );
});
