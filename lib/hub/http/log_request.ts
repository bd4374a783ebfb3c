// The access log: one JSON object a request, without query, headers or body, where secrets travel.
import { describeFailure } from "../../failure.ts";
import { scrubText } from "../../secret.ts";
import type { Served } from "./answer.ts";

/** One line of the log, less its time. */
export type LogRecord = Readonly<Record<string, unknown>> & {
  readonly level: "info" | "warning" | "error";
  readonly event: string;
};

export function requestRecord({ requestId, method, path, route, status, durationMs, bug }: Served): LogRecord {
  const level = status >= 500 ? "error" : "info";
  const record: LogRecord = {
    level,
    event: "request",
    request_id: requestId,
    method,
    path: path.slice(0, 500),
    route,
    status,
    duration_ms: Math.round(durationMs * 10) / 10,
  };
  return bug === undefined ? record : { ...record, error: scrubText(describeFailure(bug)), stack: stackOf(bug) };
}

function stackOf(bug: unknown): string | undefined {
  return bug instanceof Error && bug.stack !== undefined ? scrubText(bug.stack) : undefined;
}
