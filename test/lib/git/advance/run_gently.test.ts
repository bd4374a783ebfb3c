// A git that is killed leaves its locks; one that is asked takes them away.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { runGently } from "../../../../lib/git/advance/run_gently.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { makeRepo, temporaryFolder } from "../../../support/git_repo.ts";

const temporary = temporaryFolder();
const cwd = temporary.path;
afterAll(() => temporary.remove(), 60_000);
const env = environmentForPrograms();
const sh = (script: string, deadlineMs = 30_000) => runGently({ argv: ["sh", "-c", script], cwd, env, deadlineMs });

describe("runGently()", () => {
  test("gives exit code and what was said", async () => {
    expect(await sh("echo out; echo why >&2; exit 3")).toEqual({ exitCode: 3, stderr: "why\n", late: false });
  });

  test("asks before it kills, and all that was started", async () => {
    const script = `trap 'echo tidied > tidied; exit 9' TERM; sleep 60 & echo $! > child; wait`;
    expect(await sh(script, 200)).toMatchObject({ exitCode: 9, late: true });
    expect(readFileSync(join(cwd, "tidied"), "utf8")).toBe("tidied\n");
    const child = Number(readFileSync(join(cwd, "child"), "utf8"));
    await waitUntil({ forWhat: "the end of what it started", deadlineMs: 5_000 }, () =>
      isRunning(child) ? { seen: `process ${child} runs` } : { found: true },
    );
  });

  test("does not wait for what left the group and holds the pipe, and has what was said until then", async () => {
    const started = performance.now();
    const script = "echo why >&2; setsid sleep 60 & echo $! > left; exit 4";
    expect(await sh(script, 20_000)).toEqual({ exitCode: 4, stderr: "why\n", late: false });
    expect(performance.now() - started).toBeLessThan(10_000);
    process.kill(Number(readFileSync(join(cwd, "left"), "utf8")), "SIGKILL");
  });

  test("keeps a megabyte of what is said, and lets one that says more come to its end", async () => {
    const { exitCode, stderr } = await sh("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 5");
    expect({ exitCode, kept: stderr.length }).toEqual({ exitCode: 5, kept: 1024 * 1024 });
  });

  test("of a git that takes too long leaves no index.lock behind", async () => {
    const repo = await makeRepo(cwd, "repo", { "a.txt": "a\n", ".gitattributes": "*.txt filter=slow\n" });
    await repo.git("config", "filter.slow.clean", "sleep 60");
    repo.edit({ "a.txt": "b\n" });
    const argv = ["git", "-C", repo.path, "add", "a.txt"];
    const lock = join(repo.path, ".git/index.lock");
    const running = runGently({ argv, cwd, env, deadlineMs: 1_500 });
    await waitUntil({ forWhat: "git's lock", deadlineMs: 1_400 }, () =>
      existsSync(lock) ? { found: true } : { seen: "no lock" },
    );
    expect((await running).late).toBe(true);
    expect(existsSync(lock)).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
