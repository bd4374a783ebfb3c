// The trail of a move in the hub: one progress event for each act, under the id that the journal gave it before, so that an act
// that was cut off and taken up again is told of once.

import { againAfterRace } from "../../db/again_after_race.ts";
import type { Database } from "../../db/connect.ts";
import { addProgressEvent } from "../../db/progress_event.ts";
import type { Acted } from "../../plan/run_steps.ts";

export interface AuditTerms {
  readonly hub: Pick<Database, "transaction">;
  readonly host: string;
  readonly operator: string;
  /** "switch" */
  readonly act: string;
  readonly plan: string;
}

export async function audit(terms: AuditTerms, { step, act, evidence }: Acted): Promise<void> {
  const { host, operator } = terms;
  const detail = { act: terms.act, step: step.id, says: step.says, plan: terms.plan, host, operator, evidence };
  const summary = `${terms.act}: ${step.id}`;
  const event = { id: act, type: "schedule_cutover", source: "manual", summary, detail };
  await againAfterRace(() => terms.hub.transaction((tx) => addProgressEvent(tx, event)));
}
