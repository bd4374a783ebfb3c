// Which git processes work in a repository of ours right now. A run that is killed leaves its git behind: a lock file may
// only be cleared away when the git that made it is gone, and a push that waits for its remote would land much later.
import { readdirSync, readFileSync } from "node:fs";
import { environmentForPrograms } from "../../config.ts";
import { endGroup, run } from "../../process/run.ts";
import { waitUntil } from "../../wait_until.ts";

const DEADLINE_MS = 10_000;
const END_MS = 5_000;
// What is only run under the lock of the repository, and the programs that a push is done by. Another run may read in a
// mirror without the lock: a git that was ended there would look to it like a damaged mirror.
const WRITERS = new Set([
  "push",
  "send-pack",
  "remote-http",
  "remote-https",
  "fetch",
  "fast-import",
  "update-ref",
  "gc",
]);

interface GitProcess {
  readonly pid: number;
  readonly argv: readonly string[];
}

/** Process ids, in no order, of gits that were started with this git folder, by argument or by environment. */
export async function gitProcessesIn(gitDir: string): Promise<number[]> {
  return (await processesIn(gitDir)).map(({ pid }) => pid);
}

/**
 * Ends gits that write or push from there. Whoever calls holds the lock of the repository, so that they are of a run
 * that was killed. Costs under a millisecond for 100 processes on the machine.
 * @throws OpsFailure when one is still there after 5 s
 */
export async function endWritersIn(gitDir: string): Promise<void> {
  const wait = { forWhat: `the git of an ended run to end in the mirror ${gitDir}`, deadlineMs: END_MS, intervalMs: 5 };
  await waitUntil(wait, async () => {
    const writers = (await processesIn(gitDir)).filter(({ argv }) => argv.some(isWriter));
    for (const { pid } of writers) end(pid);
    const seen = `process ${writers.map(({ pid }) => pid).join(", ")} is at work there`;
    return writers.length === 0 ? { found: true } : { seen };
  });
}

/** As a word of its own, or in a name such as `/usr/lib/git-core/git-remote-https`. */
function isWriter(word: string): boolean {
  return WRITERS.has(word.replace(/^.*\/git-/, ""));
}

/** Its group with all that it started, and itself where it does not lead one. */
function end(pid: number): void {
  endGroup(pid);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Already gone: that is what was wanted.
  }
}

async function processesIn(gitDir: string): Promise<GitProcess[]> {
  const ids = processIds();
  if (ids === null) return fromPs(`--git-dir=${gitDir}`);
  const gits = ids.map((pid) => ({ pid, argv: wordsOf(pid, "cmdline") })).filter(isGit);
  return gits.filter(
    ({ pid, argv }) => argv.includes(`--git-dir=${gitDir}`) || wordsOf(pid, "environ").includes(`GIT_DIR=${gitDir}`),
  );
}

/** "git", "/usr/lib/git-core/git" or "git-remote-https": to read the environment of every process takes four times as long. */
function isGit({ argv }: GitProcess): boolean {
  return /(?:^|\/)git[^/]*$/.test(argv[0] ?? "");
}

/** proc(5); null where there is no /proc. */
function processIds(): number[] | null {
  try {
    const names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return names.length === 0 ? null : names.map(Number).filter((pid) => pid !== process.pid);
  } catch {
    return null;
  }
}

function wordsOf(pid: number, file: "cmdline" | "environ"): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
  } catch {
    // It ended meanwhile, or is another user's: then it can't have written where only we may.
    return [];
  }
}

async function fromPs(word: string): Promise<GitProcess[]> {
  const argv = ["ps", "-A", "-ww", "-o", "pid=", "-o", "command="];
  const { stdout } = await run(argv, { env: environmentForPrograms(), deadlineMs: DEADLINE_MS });
  const lines = stdout.split("\n").filter((line) => ` ${line} `.includes(` ${word} `));
  const processes = lines.map((line) => {
    const [pid = "", ...words] = line.trim().split(/\s+/);
    return { pid: Number(pid), argv: words };
  });
  return processes.filter(({ pid }) => pid !== process.pid);
}
