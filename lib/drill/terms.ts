// What every command of the drill is told, whatever it does. (types)

import type { OnProgress } from "./evidence/report.ts";
import type { HubPart } from "./hub_part.ts";

/** The settings of a run. */
export interface Terms {
  /** For the programs that are started. */
  readonly env: Record<string, string>;
  /** STATE_HUB_HOME. */
  readonly home: string;
  /** Where copies may lie for the length of a run. */
  readonly workspace: string;
  /** Sessions at work on the live server, and programs on this machine, at once. */
  readonly jobs: number;
  readonly lockWaitMs: number;
  readonly hub: HubPart;
  /** The toolkit's version. */
  readonly toolkit: string;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly note: (line: string) => void;
}
