// Whether a fast-forward fits on the disk. git removes and writes file by file: on a full disk it stops half-way, and the
// checkout's owner finds changes that nobody made.
import { statfsSync } from "node:fs";
import { OpsFailure } from "../../failure.ts";
import { lastLine, run } from "../../process/run.ts";
import type { Checkout } from "../checkout.ts";
import { gitArgv, gitEnvironment } from "../invocation.ts";
import type { TreeChange } from "../tree_changes.ts";
import { type Left, left } from "./left_alone.ts";

const DEADLINE_MS = 60_000;
// A file takes whole blocks, and an object and a tree beside it.
const OVERHEAD_PER_FILE = 16 * 1024;
const SPARE_BYTES = 1024 * 1024;

/**
 * Each new file is counted twice, as a file and as an object that could not be compressed. A quota cannot be seen.
 * @throws OpsFailure when git cannot tell the sizes
 */
export async function roomRefused(
  { path }: Checkout,
  mirror: Checkout,
  planned: readonly TreeChange[],
): Promise<Left | null> {
  const written = planned.filter(({ status }) => status !== "D").map(({ newId }) => newId);
  const bytes = await sizeOf(mirror, written);
  const needed = 2 * bytes + written.length * OVERHEAD_PER_FILE + SPARE_BYTES;
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize >= needed) return null;
  return left("no_room", path, `it may take ${mebibytes(needed)}, and ${mebibytes(bavail * bsize)} are free`);
}

async function sizeOf({ gitDir }: Checkout, ids: readonly string[]): Promise<number> {
  const argv = gitArgv(gitDir, "cat-file", "--batch-check=%(objectsize)");
  const options = { env: gitEnvironment(), deadlineMs: DEADLINE_MS, stdin: `${ids.join("\n")}\n` };
  const { exitCode, stdout, stderr } = await run(argv, options);
  if (exitCode !== 0)
    throw new OpsFailure("Could not tell how large a fast-forward is", { observed: lastLine(stderr), where: gitDir });
  // A submodule's commit is another repository's: "missing" here, and no file.
  return stdout.split("\n").reduce((sum, line) => sum + (/^\d+$/.test(line) ? Number(line) : 0), 0);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
