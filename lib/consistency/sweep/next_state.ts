// What a run found out about a repository's source, as the next run will see it. (pure)
import type { SourceOutcome } from "../run_ledger.ts";
import { type Asking, afterFailure, afterSuccess, NEVER_TRIED, type RepoState, wasRead } from "./back_off.ts";

export function nextState(before: RepoState | null, outcome: SourceOutcome, { now, manual }: Asking): RepoState {
  switch (outcome.state) {
    case "checked":
      return afterSuccess({ now, tip: outcome.tip });
    case "failed":
      return afterFailure(before, { now, tip: null, problem: outcome.problem, manual });
    case "unread":
      return afterFailure(before, { now, tip: outcome.tip, problem: outcome.problem, manual });
    case "unpublished":
      // It was read and applied; only its corrections wait.
      return { ...afterFailure(before, { now, tip: outcome.tip, problem: outcome.problem, manual }), ok_at: now };
    case "waiting": {
      const state = before ?? NEVER_TRIED;
      return { ...state, tried_at: now, ok_at: wasRead(state) ? now : state.ok_at };
    }
  }
}
