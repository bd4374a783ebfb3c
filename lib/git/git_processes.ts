// Which git processes work in a repository of ours right now. A run that is killed leaves its git behind, and a lock file
// may only be cleared away when the git that made it is gone.
import { readdirSync, readFileSync } from "node:fs";
import { environmentForPrograms } from "../config.ts";
import { run } from "../process/run.ts";

const DEADLINE_MS = 10_000;

/** Process ids, in no order, of programs that were started with this git folder, by argument or by environment. */
export async function gitProcessesIn(gitDir: string): Promise<number[]> {
  const ids = processIds();
  if (ids === null) return fromPs(`--git-dir=${gitDir}`);
  return ids.filter((pid) => {
    return (
      wordsOf(pid, "cmdline").includes(`--git-dir=${gitDir}`) || wordsOf(pid, "environ").includes(`GIT_DIR=${gitDir}`)
    );
  });
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

async function fromPs(word: string): Promise<number[]> {
  const argv = ["ps", "-A", "-ww", "-o", "pid=", "-o", "command="];
  const { stdout } = await run(argv, { env: environmentForPrograms(), deadlineMs: DEADLINE_MS });
  const lines = stdout.split("\n").filter((line) => ` ${line} `.includes(` ${word} `));
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid !== process.pid);
}
