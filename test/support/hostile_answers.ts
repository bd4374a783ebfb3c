// What every refusal of the hub must be: a problem in the one shape, found again in the log, with nothing of the inside.
import { expect } from "bun:test";

/** Words of a driver, a statement, a stack or a path of ours. */
const INSIDE =
  /\b(select|insert into|update \w+ set|delete from) |postgres|sqlstate|syntax error|relation "|constraint|column "|null value|node_modules|\bat \w+ \(|\.ts:\d|\blib\/|\/work\/|zoderror|bun\b/i;

/** @param sent what a failed expectation shows. @returns the answer's status */
export async function expectSound(sent: string, answer: Response): Promise<number> {
  const { status, headers } = answer;
  const text = await answer.text();
  expect([sent, status < 500]).toEqual([sent, true]);
  expect(headers.get("x-request-id")).toMatch(/^[\w.:-]{1,100}$/);
  if (status < 400) return status;
  expect([sent, headers.get("content-type")]).toEqual([sent, "application/problem+json"]);
  const problem = JSON.parse(text) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, request_id: headers.get("x-request-id") });
  expect(String(problem.type)).toMatch(/^urn:state-hub:problem:[a-z0-9-]+$/);
  expect([sent, INSIDE.exec(text)?.[0]]).toEqual([sent, undefined]);
  return status;
}
