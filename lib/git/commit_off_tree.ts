// A commit that no work tree, no index and no hook had a part in: its bytes are ours to the last one, whatever attributes
// and filters the repository names, and a person's checkout knows nothing of it until it is pushed.
import { OpsFailure } from "../failure.ts";
import type { Checkout } from "./checkout.ts";
import { whyGitFailed } from "./git_says.ts";
import { askGit, feedGit, OWN_IDENTITY } from "./invocation.ts";
import { isObjectId } from "./names.ts";
import { parseTreeChanges, type TreeChange } from "./tree_changes.ts";
import { blobId } from "./work_tree.ts";

export interface NewContent {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  readonly mode: "100644" | "100755";
  readonly bytes: Uint8Array;
}

export interface CommitPlan {
  /** Full id of a commit that the repository has. */
  readonly parent: string;
  readonly files: readonly NewContent[];
  readonly message: string;
}

// Out of every refspec of ours: never pushed, never fetched. It keeps the commit from gc until it is pushed, and the next
// commit takes its place, also after a crash.
const BUILT = "refs/state-hub/built";

/**
 * A commit on top of `parent` that changes exactly these files. Verified: `parent` is its only parent, between both trees
 * nothing else differs, and each planned path holds the planned bytes in the planned mode.
 * @returns the commit's id; null when nothing would differ
 * @throws OpsFailure when git can't build it, or when it would change more than planned (a symlink where a folder is meant)
 */
export async function commitOffTree(repo: Checkout, plan: CommitPlan): Promise<string | null> {
  checkPlan(plan);
  const wanted = new Map(plan.files.map((file) => [file.path, entryOf(file, plan.parent.length)]));
  const { commit, entries } = await build(repo, plan);
  const wrong = plan.files.find(({ path }, index) => entries[index] !== wanted.get(path));
  if (wrong) throw cannotBuild(repo, `${wrong.path} is not as planned`);
  const changes = await changesBetween(repo, plan.parent, commit);
  const unplanned = changes.find((change) => wanted.get(change.path) !== entryThen(change));
  if (unplanned) throw cannotBuild(repo, `${unplanned.path} would change too`);
  return changes.length === 0 ? null : commit;
}

/** One `git fast-import`, which also tells what each planned path holds then. */
async function build(repo: Checkout, plan: CommitPlan): Promise<{ commit: string; entries: string[] }> {
  // A pack, not loose objects: one process less.
  const flags = ["--quiet", "--done", "--force", "--date-format=raw"];
  const options = ["-c", "fastimport.unpackLimit=0", "-c", "core.logAllRefUpdates=false"];
  const made = await feedGit(repo.gitDir, stream(plan), ...options, "fast-import", ...flags);
  const [commit = "", ...lines] = made.stdout.split("\n");
  if (made.exitCode !== 0 || !isObjectId(commit)) throw cannotBuild(repo, whyGitFailed(made.stderr));
  return { commit, entries: lines.map((line) => line.split("\t")[0] ?? "") };
}

/** git-fast-import(1), INPUT FORMAT. `get-mark` and `ls` answer on stdout, a line each. */
function stream({ parent, files, message }: CommitPlan): Buffer {
  const { name, email } = OWN_IDENTITY;
  const text = Buffer.from(message);
  const head = `commit ${BUILT}\nmark :1\ncommitter ${name} <${email}> ${Math.floor(Date.now() / 1000)} +0000\n`;
  const parts = [Buffer.from(`${head}data ${text.length}\n`), text, Buffer.from(`\nfrom ${parent}\n`)];
  for (const { path, mode, bytes } of files) {
    parts.push(Buffer.from(`M ${mode} inline ${quoted(path)}\ndata ${bytes.length}\n`), Buffer.from(bytes), NEWLINE);
  }
  const questions = files.map(({ path }) => `ls :1 ${quoted(path)}\n`).join("");
  parts.push(Buffer.from(`\nget-mark :1\n${questions}done\n`));
  return Buffer.concat(parts);
}

const NEWLINE = Buffer.from("\n");

/** git-diff-tree(1) of a commit: with -z its parents, a NUL, then the changes. Config has no say in it. */
async function changesBetween(repo: Checkout, parent: string, commit: string): Promise<TreeChange[]> {
  const flags = ["-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-relative", "--ignore-submodules=none"];
  const { exitCode, stdout, stderr } = await askGit(
    repo.gitDir,
    "diff-tree",
    "--always",
    "--format=%P",
    ...flags,
    commit,
  );
  if (exitCode !== 0) throw cannotBuild(repo, whyGitFailed(stderr));
  const end = stdout.indexOf("\0");
  const parents = end < 0 ? stdout : stdout.slice(0, end);
  if (parents.trim() !== parent)
    throw cannotBuild(repo, `it was built on ${parents.trim() || "nothing"}, not on ${parent}`);
  // With -z the list begins in a line of its own after the format's.
  return end < 0 ? [] : parseTreeChanges(stdout.slice(end + 1).trimStart());
}

/** What stands there then, as entryOf() writes it; "gone" for a removed one. */
function entryThen({ status, newMode, newId }: TreeChange): string {
  return status === "D" ? "gone" : `${newMode} blob ${newId}`;
}

function entryOf({ mode, bytes }: NewContent, idLength: number): string {
  return `${mode} blob ${blobId(bytes, idLength)}`;
}

/** A name that git would refuse, or that means another place on some file system, is a mistake of ours. */
function checkPlan({ parent, files }: CommitPlan): void {
  const bad = files.find(({ path }) => path.split("/").some(isBadName) || !path.isWellFormed());
  const twice = files.length - new Set(files.map(({ path }) => path)).size;
  if (isObjectId(parent) && bad === undefined && twice === 0 && files.length > 0) return;
  throw new OpsFailure("Could not plan a commit", {
    observed: bad
      ? `the path ${JSON.stringify(bad.path)}`
      : twice > 0
        ? "a path stands twice"
        : `parent ${parent}, ${files.length} files`,
    expected: "a full commit id and paths below the top of the repository, each once",
  });
}

function isBadName(name: string): boolean {
  return name === "" || name === "." || name === ".." || name.includes("\0") || name.toLowerCase() === ".git";
}

/** git-fast-import(1): a quoted path takes C escapes. */
function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function cannotBuild(repo: Checkout, observed: string): OpsFailure {
  return new OpsFailure("Could not build the commit", { observed, where: repo.path });
}
