// What a client is told that asked for a run and does not get its result now.
import { Problem } from "../http/problem.ts";
import type { Run } from "./run_rows.ts";

/** Where a run can be looked at. */
export function placeOfRun(runId: string): string {
  return `/consistency/sweep/runs/${runId}`;
}

const RETRY_AFTER_S = "5";

export function stoppingProblem(runId: string | null): Problem {
  return new Problem(503, "Stopping", {
    detail: "This hub is being stopped and begins no run; the same request again, with the same run_id, is safe",
    headers: { "retry-after": RETRY_AFTER_S, ...(runId === null ? {} : { location: placeOfRun(runId) }) },
  });
}

export function tooManyProblem(most: number): Problem {
  return new Problem(503, "Too many runs", {
    detail: `${most} runs are under way in this hub: nothing was begun`,
    headers: { "retry-after": RETRY_AFTER_S },
  });
}

export function awayProblem(): Problem {
  return new Problem(503, "Database unavailable", {
    detail: "This hub is connecting to its database again: nothing was begun",
    headers: { "retry-after": RETRY_AFTER_S },
  });
}

export function idUsedProblem(runId: string): Problem {
  return new Problem(422, "Run id used", {
    detail: `The run ${runId} was asked for with other parameters, or by a script: take a new id`,
  });
}

/** @param status 503 for who waited for it; 409 for who asks for a run that is over */
export function interruptedProblem({ run_id, problem }: Run, status: 409 | 503): Problem {
  return new Problem(status, "Run interrupted", {
    detail: `The run ${run_id} did not come to its end: ${problem ?? "nobody knows why"}. What it had done stands`,
    hint: "Ask again with a new run_id (or Idempotency-Key): the next run goes on from there",
    headers: { location: placeOfRun(run_id) },
  });
}
