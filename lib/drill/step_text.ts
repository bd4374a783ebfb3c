// Where in its stage a run is, for one line of a terminal. (pure)
import type { WorkStep } from "../work_step.ts";

/** "public.tasks, 120.4 of 512.0 MB"; undefined when there is nothing to tell yet. */
export function stepText({ at, bytes, of }: WorkStep): string | undefined {
  const amount = bytes === undefined ? [] : [`${megabytes(bytes)}${of === undefined ? "" : ` of ${megabytes(of)}`} MB`];
  const parts = [...(at === undefined ? [] : [at]), ...amount];
  return parts.length === 0 ? undefined : parts.join(", ");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
