// What `git diff-tree --raw -z` prints, read in one place: it decides what a commit of ours may change and what a
// fast-forward may write.

/** One path that differs between two trees. */
export interface TreeChange {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  /** git-diff-tree(1): A added, D deleted, M contents or mode, T another kind of entry. */
  readonly status: string;
  readonly oldMode: string;
  readonly newMode: string;
  /** Of what is to stand there: a blob, or a submodule's commit. */
  readonly newId: string;
}

/** git-diff-tree(1), RAW OUTPUT FORMAT with -z and without renames: `:<mode> <mode> <id> <id> <letter>\0<path>\0`. */
export function parseTreeChanges(raw: string): TreeChange[] {
  const fields = raw.split("\0");
  const changes: TreeChange[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [oldMode = "", newMode = "", , newId = "", status = ""] = (fields[at] ?? "").slice(1).split(" ");
    changes.push({ path: fields[at + 1] ?? "", status, oldMode, newMode, newId });
  }
  return changes;
}
