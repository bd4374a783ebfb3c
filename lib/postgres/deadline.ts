// One deadline for the whole of a start: its steps share what is left, so that ten waits can't add up to ten minutes.

export interface Deadline {
  readonly totalMs: number;
  /** At least 1, so that a step that begins late still looks once. */
  left(): number;
  over(): boolean;
}

export function deadlineIn(totalMs: number): Deadline {
  const end = performance.now() + totalMs;
  return {
    totalMs,
    left: () => Math.max(1, Math.ceil(end - performance.now())),
    over: () => performance.now() >= end,
  };
}
