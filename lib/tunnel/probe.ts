// What a probe is: one layer of the path, what it proves, how to look, what to do when it is broken. A new one is a file of
// its own and a line in probes.ts.
import type { Path } from "./path.ts";
import type { ProbeId } from "./report.ts";

export interface Sight {
  readonly ok: boolean | null;
  readonly saw: string;
  /** Unlike the time that looking took, where that would mislead. */
  readonly ms?: number | null;
  /** For this case, instead of the probe's own. */
  readonly remedy?: string;
}

export interface Probe {
  readonly id: ProbeId;
  /** What is true when it passes: the `wanted` of its result. */
  wanted(path: Path): string;
  /** A layer below is broken, and this one is looked at all the same. */
  readonly always?: boolean;
  /** @throws whatever went wrong: that is what it saw, and the layer is broken */
  look(path: Path): Promise<Sight>;
  /** The next thing to do, where possible a command to type. */
  remedy(path: Path): string;
}
