// Packs a mirror's loose objects together now and then. git's own way (`gc --auto` after a fetch, in the background) would
// outlive the run that started it, and one that never gets done in time would be tried on each sweep.
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../process/run.ts";
import { gitArgv, gitEnvironment } from "../invocation.ts";

// git-gc(1): about 6,700 loose objects, guessed from one of 256 folders, or 50 packs.
const LOOSE_IN_ONE_FOLDER = 27;
const PACKS = 50;
const NOT_AGAIN_WITHIN_MS = 24 * 60 * 60 * 1000;
const MARK = "state-hub-tidied";
const DEADLINE_MS = 20_000;

/**
 * Runs `git gc` when git would find it due, at most once a day. Old commits that a force push took away stay for 30 days
 * (reflog). A gc that fails or is too slow changes nothing that anybody reads, so that its end is not reported.
 */
export async function tidyMirror(
  gitDir: string,
  o: { readonly deadlineMs: number; readonly signal?: AbortSignal | undefined },
) {
  if (o.deadlineMs <= 0 || !isDue(gitDir)) return;
  writeFileSync(join(gitDir, MARK), "");
  const argv = gitArgv(gitDir, "-c", "gc.autoDetach=false", "gc", "--quiet");
  const deadlineMs = Math.min(DEADLINE_MS, o.deadlineMs);
  try {
    await run(argv, { env: gitEnvironment(), deadlineMs, ...(o.signal === undefined ? {} : { signal: o.signal }) });
  } catch {
    o.signal?.throwIfAborted();
  }
}

function isDue(gitDir: string): boolean {
  const packs = count(join(gitDir, "objects/pack"), /\.pack$/);
  if (packs <= PACKS && count(join(gitDir, "objects/17"), /^[0-9a-f]+$/) <= LOOSE_IN_ONE_FOLDER) return false;
  const last = statSync(join(gitDir, MARK), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Math.abs(Date.now() - last) > NOT_AGAIN_WITHIN_MS;
}

function count(folder: string, pattern: RegExp): number {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return 0;
  return readdirSync(folder).filter((name) => pattern.test(name)).length;
}
