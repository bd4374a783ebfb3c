// Tests that ask kubectl: run where it is, skipped by name where it is not.
import { describe, test } from "bun:test";
import { kubectlProblem, NEEDS_KUBECTL } from "./kubectl_problem.ts";

const problem = kubectlProblem();

export function testWithKubectl(name: string, body: () => Promise<unknown>, timeoutMs?: number): void {
  test.skipIf(problem !== null)(`${name} ${NEEDS_KUBECTL}`, body, timeoutMs);
}

/** Neither its tests nor its hooks run without kubectl. */
export function describeWithKubectl(name: string, body: () => void): void {
  describe.skipIf(problem !== null)(`${name} ${NEEDS_KUBECTL}`, body);
}
