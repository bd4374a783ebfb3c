// An event of our own in the hub's progress, at the time of its database's clock.
import type { Transaction } from "./handles.ts";

export interface ProgressEvent {
  /** A UUID that the same event has when it is told again; a new one unless given. */
  readonly id?: string;
  readonly type: string;
  readonly source: string;
  readonly summary: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Once for an id. */
export async function addProgressEvent(tx: Transaction, event: ProgressEvent): Promise<void> {
  const { id, type, source, summary, detail } = event;
  await tx`
    insert into progress_events (id, event_type, source, summary, detail)
    values (${id ?? tx`default`}, ${type}, ${source}, ${summary}, ${JSON.stringify(detail)}::text::jsonb)
    on conflict (id) do nothing`;
}
