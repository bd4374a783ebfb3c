// Real programs joined by real pipes, some of which fail, hang, ignore signals or lose their parent.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { type PipelineOptions, pipeline } from "../../../lib/process/pipeline.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { timedFailureOf } from "../../support/failure_of.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { processesIn } from "../../support/processes_in.ts";

const WATCHDOG = 20_000;
const temporary = temporaryFolder();
let folders = 0;
/** Of the programs of one test: whoever works in it was started there. */
let folder = "";
/** Of a child that is none of the pipeline's. */
const elsewhere = join(temporary.path, "elsewhere");
mkdirSync(elsewhere);

afterEach(() => {
  const left = [elsewhere, ...(folder === "" ? [] : [folder])].flatMap(processesIn);
  for (const pid of left) process.kill(Number(pid), "SIGKILL");
});
afterAll(() => temporary.remove());

function newFolder(): string {
  folder = join(temporary.path, `${++folders}`);
  mkdirSync(folder);
  return folder;
}

/** In a folder of its own, with our PATH and nothing else. */
function runStages(stages: readonly (readonly string[])[], options: Partial<PipelineOptions> = {}) {
  return runIn(newFolder(), stages, options);
}

function runIn(cwd: string, stages: readonly (readonly string[])[], options: Partial<PipelineOptions>) {
  return pipeline(stages, { cwd, env: { PATH: process.env.PATH ?? "" }, ...options });
}

/** With 500 ms: ended by the pipeline's own end, not by the watcher a second later. */
function nobodyLeft(deadlineMs = WATCHDOG): Promise<true> {
  return waitUntil({ forWhat: "all that was started to be gone", deadlineMs }, () => {
    const left = processesIn(folder);
    return left.length === 0 ? { found: true as const } : { seen: left.join(" ") };
  });
}

function written(name: string): Promise<string> {
  const file = join(folder, name);
  return waitUntil({ forWhat: `${name} to be written`, deadlineMs: WATCHDOG }, () =>
    existsSync(file) && statSync(file).size > 0 ? { found: readFileSync(file, "utf8") } : { seen: "nothing" },
  );
}

describe("pipeline()", () => {
  test("hands every word over as it is, whatever a shell would make of it", async () => {
    const words = [
      "a b",
      "$HOME",
      "it's",
      '"',
      "new\nline",
      "",
      "ü",
      "*",
      "`id`",
      "\\n",
      "\x01\t",
      "-n",
      "$(exit 3)",
      "a=b",
      ";",
    ];
    const output = join(newFolder(), "out 'put");
    const { exitCodes } = await runStages([["printf", "%s|", ...words], ["cat"]], { output });
    expect(exitCodes).toEqual([0, 0]);
    expect(readFileSync(output, "utf8")).toBe(`${words.join("|")}|`);
  });

  test("reads a file and writes one, for its owner alone, byte by byte", async () => {
    const [input, output] = [join(newFolder(), "in"), join(folder, "out")];
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256);
    writeFileSync(input, bytes);
    expect(await runStages([["cat"], ["cat"], ["cat"]], { input, output })).toEqual({
      exitCodes: [0, 0, 0],
      stderr: "",
    });
    expect(Buffer.compare(readFileSync(output), bytes)).toBe(0);
    expect(statSync(output).mode & 0o777).toBe(0o600);
  });

  test("gives each stage's exit code: of one in the middle, of one that a signal ended, of one that is not there", async () => {
    const { exitCodes, stderr } = await runStages([
      ["true"],
      ["sh", "-c", "exit 3"],
      ["sh", "-c", "kill -9 $$"],
      ["no-such"],
    ]);
    expect(exitCodes).toEqual([0, 3, 137, 127]);
    expect(stderr).toContain("no-such: command not found");
  });

  test("tells of an input that is not there and of an output that cannot be made", async () => {
    const missing = await runStages([["cat"], ["cat"]], { input: join(temporary.path, "missing") });
    expect(missing).toMatchObject({ exitCodes: [1, 1], stderr: expect.stringContaining("No such file or directory") });
    expect((await runStages([["echo"]], { output: temporary.path })).exitCodes).toEqual([1]);
  });

  test("gives the programs the environment it is given and none of ours, and runs no start-up file of bash", async () => {
    const [home, output] = [newFolder(), join(folder, "env")];
    for (const name of [".bashrc", "start"]) writeFileSync(join(home, name), "export STARTED=1; echo started >&2\n");
    const env = {
      PATH: process.env.PATH ?? "",
      ...{
        HOME: home,
        BASH_ENV: join(home, "start"),
        SSH_CLIENT: "1 2 3",
        "BASH_FUNC_env%%": "() { echo STARTED=2; }",
      },
    };
    const { stderr } = await runStages([["env"]], { env, output });
    const names = readFileSync(output, "utf8")
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(stderr).toBe("");
    expect(names).toContain("HOME");
    expect(names).not.toContain("STARTED");
    expect(names).not.toContain("USER");
  });

  test("hands over lines as they come, of all stages, and keeps no more than the end", async () => {
    const lines: string[] = [];
    const { stderr } = await runStages(
      [["sh", "-c", "echo one >&2; printf 'tü' >&2; echo o >&2; seq 1 40000 >&2; printf end >&2"]],
      {
        onLine: (line) => lines.push(line),
      },
    );
    expect(lines.slice(0, 3)).toEqual(["one", "tüo", "1"]);
    expect(lines.length).toBe(40_003);
    expect(stderr.length).toBe(64 * 1024);
    expect(stderr).toEndWith("40000\nend");
  });

  test.if(process.platform === "linux")("tells how far the input is read", async () => {
    const [input, output] = [join(newFolder(), "in"), join(folder, "out")];
    writeFileSync(input, "x".repeat(300_000));
    const seen: number[] = [];
    const half = ["sh", "-c", "head -c 150000; echo > half; while [ ! -e go ]; do sleep 0.05; done; cat"];
    const onRead = (bytes: number) => {
      seen.push(bytes);
      writeFileSync(join(folder, "go"), "");
    };
    expect(await runIn(folder, [half, ["cat"]], { input, output, onRead })).toEqual({ exitCodes: [0, 0], stderr: "" });
    expect(statSync(output).size).toBe(300_000);
    expect(seen[0]).toBe(150_000);
    const missing = await runIn(folder, [["cat"]], { input: join(folder, "missing"), onRead });
    expect(missing.stderr).toContain("No such file or directory");
  });

  test("does not take what goes through into memory", async () => {
    const before = process.memoryUsage.rss();
    const output = join(newFolder(), "large");
    const seen: number[] = [];
    const { exitCodes } = await runStages([["sh", "-c", "yes 0123456789 | head -c 100000000; sleep 1.5"], ["cat"]], {
      output,
      onBytes: (bytes) => seen.push(bytes),
    });
    expect(exitCodes).toEqual([0, 0]);
    expect(seen.at(-1)).toBe(100_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000);
    rmSync(output);
  });

  test("ends all of them and their children when it is aborted, also those that will not be asked", async () => {
    const stop = new AbortController();
    const stubborn = "trap '' TERM INT HUP; sleep 300 & echo here > ready; while :; do sleep 300; done";
    const running = timedFailureOf(runStages([["sh", "-c", stubborn], ["cat"]], { signal: stop.signal }));
    await written("ready");
    stop.abort(new Error("stopped by the operator"));
    const { said, afterMs } = await running;
    expect(said).toBe("stopped by the operator");
    expect(afterMs).toBeLessThan(6_000);
    await nobodyLeft();
  });

  test("asks them to end before it ends them, and does not begin once aborted", async () => {
    const stop = new AbortController();
    const polite = "trap 'echo tidied > tidied; exit 1' TERM; echo here > ready; while :; do sleep 0.05; done";
    const running = timedFailureOf(runStages([["sh", "-c", polite]], { signal: stop.signal }));
    await written("ready");
    stop.abort(new Error("stopped"));
    expect((await running).said).toBe("stopped");
    await nobodyLeft(500);
    expect(await written("tidied")).toBe("tidied\n");
    expect((await timedFailureOf(runStages([["sh", "-c", "echo > begun"]], { signal: stop.signal }))).said).toBe(
      "stopped",
    );
    expect(existsSync(join(folder, "begun"))).toBe(false);
  });

  test("ends them when nothing is written and nothing said, and not while either goes on", async () => {
    const { said, error } = await timedFailureOf(
      runStages(
        [
          ["sleep", "300"],
          ["nice", "-n", "19", "/bin/cat"],
        ],
        { stalledAfterMs: 400 },
      ),
    );
    expect(error).toBeInstanceOf(OpsFailure);
    expect(said).toMatch(/^Could not finish sleep \| cat: nothing was written and nothing said for 0\.[4-9] s$/);
    await nobodyLeft();
    const slow = (to: string) => ["sh", "-c", `for n in 1 2 3 4 5 6 7 8; do sleep 0.1; echo $n ${to}; done`];
    expect((await runStages([slow(">&2")], { stalledAfterMs: 500 })).exitCodes).toEqual([0]);
    const output = join(temporary.path, "slow");
    expect((await runStages([slow("")], { stalledAfterMs: 500, output })).exitCodes).toEqual([0]);
  });

  test("leaves nothing running behind a pipeline that is over", async () => {
    const daemon = "sleep 300 >/dev/null 2>&1 & echo over";
    expect((await runStages([["sh", "-c", daemon]])).exitCodes).toEqual([0]);
    await nobodyLeft(500);
  });

  test("ends them when we are killed with -9, also while another child of ours lives on", async () => {
    newFolder();
    const script = join(folder, "parent.ts");
    const stages = [["sh", "-c", "trap '' TERM; sleep 300 & echo $PPID > bash; while :; do sleep 300; done"], ["cat"]];
    writeFileSync(
      script,
      `import { pipeline } from "${join(import.meta.dir, "../../../lib/process/pipeline.ts")}";
       const running = pipeline(${JSON.stringify(stages)}, { env: { PATH: process.env.PATH }, cwd: ${JSON.stringify(folder)} });
       while (!require("node:fs").existsSync("bash")) await Bun.sleep(10);
       Bun.spawn(["sleep", "300"], { cwd: ${JSON.stringify(elsewhere)}, stdio: ["ignore", "ignore", "ignore"], detached: true });
       require("node:fs").writeFileSync("ready", "ready");
       await running;`,
    );
    const parent = Bun.spawn([process.execPath, script], {
      cwd: folder,
      env: environmentForPrograms(),
      stdout: "ignore",
    });
    await written("ready");
    expect(processesIn(folder).length).toBeGreaterThan(3);
    parent.kill("SIGKILL");
    await parent.exited;
    await nobodyLeft();
    expect(processesIn(elsewhere)).toHaveLength(1);
  });

  test("ends the stages when bash itself is killed, and tells of it", async () => {
    const running = runStages([["sh", "-c", "echo $PPID > bash; sleep 300"], ["cat"]]);
    const bash = Number(await written("bash"));
    process.kill(bash, "SIGKILL");
    expect((await running).exitCodes).toEqual([137, 137]);
    await nobodyLeft();
  });
});
