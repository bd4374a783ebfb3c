// git at work in somebody's checkout: looking at it without writing, bringing in objects, and the fast-forward itself.
// Nothing that the repository configures runs, no hook of its owner's either, and its owner can tell whose move it was.
import { copyFileSync, mkdtempSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { lastLine, type RunResult, run } from "../../process/run.ts";
import { scrubText } from "../../secret.ts";
import type { Checkout } from "../checkout.ts";
import { gitArgv, gitEnvironment } from "../invocation.ts";
import { OVERRIDES } from "./program_keys.ts";
import { type GentleResult, runGently } from "./run_gently.ts";

const LOOK_MS = 60_000;
const FETCH_MS = 60_000;
// Long, because a fast-forward that is cut short leaves half of its files.
const MERGE_MS = 120_000;
const MAX_OUTPUT_BYTES = 128 * 1024 * 1024;
const REFLOG = "State Hub sync";

/** A copy of a checkout's index, elsewhere: what git finds out about files is noted there and not in the original. */
export interface IndexCopy {
  readonly path: string;
  remove(): void;
}

export function copyIndex({ gitDir }: Checkout): IndexCopy {
  const folder = mkdtempSync(join(tmpdir(), "state-hub-index-"));
  const path = join(folder, "index");
  const { mtimeMs } = statSync(`${gitDir}/index`);
  copyFileSync(`${gitDir}/index`, path);
  // Racy git (gitformat-index): a file as new as the index is compared by content. A newer copy would trust its times.
  utimesSync(path, Math.floor(mtimeMs / 1000), Math.floor(mtimeMs / 1000));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Tracked files that differ from HEAD, staged or not, and submodules that are at another commit. Untracked ones do not count.
 * @throws OpsFailure when git cannot tell
 */
export async function changedFiles(checkout: Checkout, index: IndexCopy): Promise<string[]> {
  const flags = ["--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames"];
  const asked = await look(checkout, index, {}, ["status", ...flags, "--no-ahead-behind"]);
  if (asked.exitCode !== 0)
    throw new OpsFailure("Could not tell whether the checkout is clean", {
      observed: lastLine(asked.stderr),
      where: checkout.path,
    });
  // git-status(1): `1 XY sub mH mI mW hH hI path`, `u XY sub m1 m2 m3 mW h1 h2 h3 path`.
  const fieldsBefore: Readonly<Record<string, number>> = { "1": 8, u: 10 };
  return asked.stdout.split("\0").flatMap((entry) => {
    const before = fieldsBefore[entry[0] ?? ""];
    return before === undefined ? [] : [entry.split(" ").slice(before).join(" ")];
  });
}

/**
 * git's own word against moving these files from one commit to the other, else null. The objects are read from the mirror
 * where they are: nothing is written to the checkout. Sees what `git status` does not, such as edits of files whose
 * changes its owner told git to overlook; does not mind ignored files.
 * @param index one that changedFiles() went through: read-tree believes the times in it
 */
export async function rehearse(
  checkout: Checkout,
  index: IndexCopy,
  { mirror, from, to }: { readonly mirror: Checkout; readonly from: string; readonly to: string },
): Promise<string | null> {
  const asked = await look(checkout, index, borrowedFrom(mirror), ["read-tree", "-m", "-u", "--dry-run", from, to]);
  return asked.exitCode === 0 ? null : reasonIn(asked.stderr);
}

/**
 * The `filter` attribute of paths as they are at a commit: by its own attributes, the checkout's and the user's.
 * @throws OpsFailure when git cannot tell
 */
export async function filterAttributes(
  checkout: Checkout,
  index: IndexCopy,
  { mirror, commit, paths }: { readonly mirror: Checkout; readonly commit: string; readonly paths: readonly string[] },
): Promise<{ path: string; filter: string }[]> {
  const next = { ...index, path: `${index.path}-next` };
  const read = await look(checkout, next, borrowedFrom(mirror), ["read-tree", commit]);
  const stdin = paths.map((path) => `${path}\0`).join("");
  const asked = await look(
    checkout,
    next,
    borrowedFrom(mirror),
    ["check-attr", "--cached", "-z", "--stdin", "filter"],
    stdin,
  );
  if (read.exitCode !== 0 || asked.exitCode !== 0)
    throw new OpsFailure("Could not read the attributes of what would be written", {
      observed: lastLine(read.stderr || asked.stderr),
      where: checkout.path,
    });
  // git-check-attr(1): path, attribute and value, each ended by NUL.
  const fields = asked.stdout.split("\0");
  return paths.map((path, at) => ({ path, filter: fields[at * 3 + 2] ?? "" }));
}

/** Brings a commit and what it needs from the mirror. No ref is written, FETCH_HEAD neither. */
export function fetchObjects(checkout: Checkout, mirror: Checkout, commit: string): Promise<GentleResult> {
  const quiet = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"];
  const noRefs = ["--no-prune", "--no-prune-tags", "--refmap=", "--upload-pack=git-upload-pack"];
  const env = { GIT_ALLOW_PROTOCOL: "file" };
  return write(checkout, FETCH_MS, env, ["fetch", ...quiet, ...noRefs, "--", resolve(mirror.gitDir), commit]);
}

/** Moves HEAD's branch, the index and the files to `commit`, or refuses; an ignored file in the way is a refusal too. */
export function mergeFastForward(checkout: Checkout, branch: string, commit: string): Promise<GentleResult> {
  const safe = ["--ff-only", "--no-overwrite-ignore", "--no-autostash", "--no-squash", "--commit"];
  const silent = ["--no-verify", "--no-verify-signatures", "--no-gpg-sign", "--no-edit", "--no-stat", "--quiet"];
  // Options of the branch come before ours on git's own list: --squash there would leave a change, --abort undo one.
  const env = {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `branch.${branch}.mergeoptions`,
    GIT_CONFIG_VALUE_0: "",
  };
  return write(checkout, MERGE_MS, env, ["merge", ...safe, ...silent, commit]);
}

/** Compare and swap: the ref moves only if it is still at `from`. */
export function moveRef(checkout: Checkout, ref: string, from: string, to: string): Promise<GentleResult> {
  return write(checkout, LOOK_MS, {}, ["update-ref", "-m", `${REFLOG}: Fast-forward`, ref, to, from]);
}

/** The line in which git says why, with the file that it names below; what follows is advice. */
export function reasonIn(stderr: string): string {
  const lines = stderr.trimEnd().split("\n");
  const at = lines.findIndex((line) => /^(?:error|fatal): /.test(line));
  if (at < 0) return lastLine(stderr);
  const below = lines[at + 1]?.startsWith("\t") ? ` ${lines[at + 1]?.trim()}` : "";
  return scrubText(`${lines[at]?.replace(/^(?:error|fatal): /, "")}${below}`);
}

/** "3 files, among them a.md": a finding is read by people. */
export function namedFew(paths: readonly string[]): string {
  return paths.length === 1 ? `the file ${paths[0]}` : `${paths.length} files, among them ${paths[0]},`;
}

type Extra = Readonly<Record<string, string>>;

/** A question that may note what it finds in the copy of the index. */
function look(checkout: Checkout, index: IndexCopy, extra: Extra, args: string[], stdin?: string): Promise<RunResult> {
  const env = { ...environment(), GIT_INDEX_FILE: index.path, GIT_OPTIONAL_LOCKS: "1", ...extra };
  const limits = { deadlineMs: LOOK_MS, maxOutputBytes: MAX_OUTPUT_BYTES, ...(stdin === undefined ? {} : { stdin }) };
  return run(argvIn(checkout, args), { cwd: checkout.path, env, ...limits });
}

function write(checkout: Checkout, deadlineMs: number, extra: Extra, args: string[]): Promise<GentleResult> {
  const env = { ...environment(), ...extra };
  return runGently({ argv: argvIn(checkout, args), cwd: checkout.path, env, deadlineMs });
}

function argvIn({ gitDir, path, bare }: Checkout, args: string[]): string[] {
  const overrides = OVERRIDES.flatMap((setting) => ["-c", setting]);
  return gitArgv(resolve(gitDir), ...(bare ? [] : [`--work-tree=${resolve(path)}`]), ...overrides, ...args);
}

/** Its owner finds in the reflog who moved the branch. */
function environment(): Record<string, string> {
  return {
    ...gitEnvironment(),
    STATE_HUB_SYNC: "1",
    GIT_EDITOR: ":",
    GIT_REFLOG_ACTION: REFLOG,
  };
}

/** The mirror's objects, read where they are. */
function borrowedFrom(mirror: Checkout): Extra {
  return { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternate(resolve(mirror.commonDir, "objects")) };
}

/** git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES: a colon ends a path unless it stands quoted as in C. */
function alternate(path: string): string {
  if (!/[:"\\\n]/.test(path)) return path;
  const escaped = path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n");
  return `"${escaped}"`;
}
