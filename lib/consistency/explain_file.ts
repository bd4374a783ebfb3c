// The file's side of an explanation: what it says at the tip that the next run would read, and why that run would take
// nothing from it. Without the second, "the next run takes it" would be said of files that wait for a person.
import type { Reader } from "../db/handles.ts";
import { describeFailure } from "../failure.ts";
import type { TaskBlock, WorkplanReading } from "../workplan/types.ts";
import { readRepo } from "./repo_reading.ts";
import { loadScope } from "./scope.ts";
import { lookAt, type Sighting } from "./sight.ts";
import { orderOf, type SourceOrder } from "./source_order.ts";
import type { FieldValue } from "./three_way.ts";

/** The row whose file is asked for. */
export interface FileRow {
  readonly kind: "workstream" | "task";
  readonly key: string;
  readonly workplan_id: string;
  readonly repo_id: string;
  readonly repo: string;
  readonly removed: boolean;
  readonly path: string;
}

export interface FileSide {
  readonly values: { readonly status: FieldValue; readonly completed: FieldValue } | null;
  /** Why there are no values. */
  readonly remark: string | null;
  /** Why the next run takes nothing from the file. */
  readonly heldBack: string | null;
}

/** What the file says at the local tip, read now, from the checkout that a run would read. */
export async function fileSide(sql: Reader, row: FileRow, host: string): Promise<FileSide> {
  if (row.removed) return unknown("its repository was taken out of every run");
  const [repo] = await loadScope(sql, { slug: row.repo }, host);
  const seen = repo && (await lookAt(repo, host, true));
  if (!seen || seen.state === "missing") return unknown("no checkout of the repository on this host");
  if (seen.state === "unusable") return unknown(seen.observed);
  try {
    const heldBack = HELD_BACK[await orderOf(repo, seen.sighting)];
    return { ...(await valuesAt(seen.sighting, row)), heldBack: heldBack ?? (await frozenBecause(sql, row)) };
  } catch (error) {
    return unknown(describeFailure(error));
  }
}

/** The rule of reads that go forward only, in words. */
const HELD_BACK: Readonly<Record<SourceOrder, string | null>> = {
  forward: null,
  rewritten: null,
  older: "the checkout's tip is older than the commit that was applied last",
  diverged: "the checkout's tip and the commit that was applied last have diverged",
  unknown: "git cannot tell whether the checkout's tip is newer than the commit that was applied last",
};

function unknown(remark: string): FileSide {
  return { values: null, remark, heldBack: null };
}

async function valuesAt({ checkout, tip }: Sighting, row: FileRow): Promise<Pick<FileSide, "values" | "remark">> {
  const reading = await readRepo(checkout, tip);
  const file = reading.files.find((each) => each.reading.path === row.path)?.reading;
  if (file) return valuesIn(file, row);
  const absent = reading.ignored.includes(row.path) ? "is no workplan any more" : "is not there";
  return { values: null, remark: `${row.path} ${absent} at ${tip.commit.slice(0, 12)}` };
}

function valuesIn(file: WorkplanReading, row: FileRow): Pick<FileSide, "values" | "remark"> {
  if (file.state !== "parsed")
    return { values: null, remark: "the file cannot be read: scripts/consistency_check.ts says where" };
  if (row.kind === "workstream") return { values: { status: file.workplan.status, completed: null }, remark: null };
  const block: TaskBlock | undefined = file.tasks.find((task) => task.id === row.key);
  return block
    ? { values: { status: block.status, completed: block.completed }, remark: null }
    : { values: null, remark: "the file has no sound block with this id" };
}

/** The open finding, waived or not, for which the last run took nothing from the file or from the block. */
async function frozenBecause(sql: Reader, { repo_id, key, workplan_id, path }: FileRow): Promise<string | null> {
  const [row] = await sql<{ check_id: string; message: string }[]>`
    select check_id, message from findings
    where repo_id = ${repo_id} and closed_at is null and (check_id = 'C-05' or check_id = 'C-09' and severity = 'error')
      and (subject = ${workplan_id} or subject = ${key} and path = ${path})
    order by check_id, first_seen limit 1`;
  return row ? `${row.check_id}, ${row.message}` : null;
}
