// Changing a workstream or task over HTTP. Only what both sides may move is the hub's to change; everything else is the
// file's, and a change of it here would be lost at the next run.
import type { Transaction } from "../../db/handles.ts";
import { notFound, Problem } from "../http/problem.ts";
import { stale } from "../http/versions.ts";

/** What is needed of the row, locked for the change. */
export interface LockedRow {
  readonly version: string;
  readonly repo: string;
  /** Its repository was removed from the hub. */
  readonly removed: boolean;
  /** A workplan, and in it the task's block, stands behind it. */
  readonly has_file: boolean;
  readonly path: string;
  readonly line: number;
}

export interface ChangeTerms {
  readonly kind: "workstream" | "task";
  readonly id: string;
  /** The one that the caller has read. */
  readonly version: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Fields that the hub may move while a file stands behind the row. */
  readonly twoWay: readonly string[];
  /** Beside those, once no file does. */
  readonly withoutFile: readonly string[];
}

/**
 * @param lock reads the row `for update`
 * @returns the row
 * @throws Problem 404; 412 when somebody changed it meanwhile; 409 for a field that is the file's, or a removed repository
 */
export async function lockForChange<Row extends LockedRow>(
  tx: Transaction,
  { kind, id, version, body, twoWay, withoutFile }: ChangeTerms,
  lock: (tx: Transaction) => PromiseLike<readonly Row[]>,
): Promise<Row> {
  const [row] = await lock(tx);
  if (row === undefined) throw notFound(kind, id);
  if (row.version !== version) throw stale(row.version);
  if (row.removed)
    throw new Problem(409, "Repository removed", {
      detail: `${row.repo} was taken out of the hub: its rows stay as they are`,
      hint: "Register the repository again",
    });
  const allowed = row.has_file ? twoWay : [...twoWay, ...withoutFile];
  const refused = Object.keys(body).filter((field) => !allowed.includes(field));
  if (refused.length > 0) throw row.has_file ? ownedByFile(row, refused) : leftByFile(row, refused);
  return row;
}

function ownedByFile({ repo, path, line }: LockedRow, fields: readonly string[]): Problem {
  return new Problem(409, "Owned by the file", {
    detail: `The file owns ${fields.join(", ")}: change it in ${path}, line ${line}, of ${repo}`,
    more: { repo, path, line, fields },
  });
}

function leftByFile({ repo, path, line }: LockedRow, fields: readonly string[]): Problem {
  return new Problem(409, "Owned by the file", {
    detail: `${fields.join(", ")} came from ${path} of ${repo}, which is gone: only another file can change it`,
    more: { repo, path, line, fields },
  });
}
