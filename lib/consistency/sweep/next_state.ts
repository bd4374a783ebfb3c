// What a run found out about a repository's source, as the next run will see it. (pure)
import type { SourceOutcome } from "../run_ledger.ts";
import { type Asking, afterFailure, afterSuccess, NEVER_TRIED, type RepoState } from "./back_off.ts";

export function nextState(before: RepoState | null, outcome: SourceOutcome, { now, manual }: Asking): RepoState {
  if (outcome.state === "checked") return afterSuccess({ now, tip: outcome.tip });
  if (outcome.state === "failed") return afterFailure(before, { now, tip: null, problem: outcome.problem, manual });
  // Its remote answered, so it was checked; what is left waits for a new commit or the next try.
  const read = { ok_at: now, tried_at: now };
  if (outcome.state === "waiting") return { ...(before ?? NEVER_TRIED), ...read };
  return { ...afterFailure(before, { now, tip: outcome.tip, problem: outcome.problem, manual }), ...read };
}
