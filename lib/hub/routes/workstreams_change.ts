// What a PATCH makes of a workstream, in the transaction that also notes the event of its end.
import type { Transaction } from "../../db/handles.ts";
import { recordTransitions } from "../../events/transitions.ts";
import { type LockedRow, lockForChange } from "./change_row.ts";

export interface WorkstreamChange {
  readonly id: string;
  readonly version: string;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly status?: string | undefined;
    readonly title?: string | undefined;
  };
}

interface Row extends LockedRow {
  readonly status: string;
  readonly title: string;
}

/** Writes nothing where nothing changes. @throws Problem as lockForChange */
export async function changeWorkstream(tx: Transaction, { id, version, body }: WorkstreamChange): Promise<void> {
  const terms = { kind: "workstream", id, version, body, twoWay: ["status"], withoutFile: ["title"] } as const;
  const row = await lockForChange<Row>(tx, terms, () => lockRow(tx, id));
  const { status = row.status, title = row.title } = body;
  if (status === row.status && title === row.title) return;
  await tx`update workstreams set status = ${status}, title = ${title} where id = ${id}`;
  await Promise.all(recordTransitions(tx, [{ of: "workstream", id, from: row.status, to: status }]));
}

/** The front matter stands at the beginning of its file. */
function lockRow(tx: Transaction, id: string) {
  return tx<Row[]>`
    select w.version::text as version, r.slug as repo, r.removed_at is not null as removed, w.orphaned_at is null as has_file,
      w.path, 1 as line, w.status, w.title
    from workstreams w join repos r on r.id = w.repo_id where w.id = ${id} for update of w`;
}
