// Load from a process of its own, so that what makes it and what is measured do not wait for each other in one thread.
import { join } from "node:path";
import type { LoadJob, LoadResult } from "./http_load.ts";
import { runProgram } from "./run_script.ts";

const BUN_LAUNCHER = join(import.meta.dir, "../../scripts/bun");

/** @throws Error for an answer that was not expected */
export function loadOverHttp(job: LoadJob): Promise<LoadResult> {
  return loadFrom("http_load.ts", job);
}

/** @param program takes a job as its only argument and prints what it measured, both JSON */
export async function loadFrom<R>(program: string, job: object, env: Record<string, string> = {}): Promise<R> {
  const argv = [BUN_LAUNCHER, join(import.meta.dir, program), JSON.stringify(job)];
  return JSON.parse((await runProgram(argv, env)).stdout) as R;
}
