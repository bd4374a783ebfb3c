// What reading a workplan gives. Everything that reconciles, reports or writes back speaks in these types, so a place in
// a file and the reason why a block was refused survive all the way to the operator's screen.

export const WORKPLAN_STATUSES = ["draft", "active", "blocked", "finished", "cancelled", "archived"] as const;
export const TASK_STATUSES = ["todo", "in_progress", "blocked", "done", "cancelled"] as const;
export const PRIORITIES = ["low", "medium", "high", "critical"] as const;

export type WorkplanStatus = (typeof WORKPLAN_STATUSES)[number];
export type TaskStatus = (typeof TASK_STATUSES)[number];
export type Priority = (typeof PRIORITIES)[number];

/** A position in a file: both 1-based, the column counted in UTF-16 units as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type ProblemKind =
  | "front_matter_unreadable"
  | "front_matter_incomplete"
  | "front_matter_invalid"
  | "task_block_unreadable"
  | "task_invalid"
  | "unsafe_content";

/** Something wrong in a file, where it is and what to do about it. No field ever holds a secret. */
export interface Problem extends Place {
  readonly kind: ProblemKind;
  /** A stable slug for machines: "duplicate_key", "tab_indentation". */
  readonly code: string;
  /** The workplan id, task id or key that it is about. */
  readonly subject: string | null;
  readonly message: string;
  /** What the file holds, cut short. */
  readonly observed: string | null;
  readonly expected: string | null;
  /** What to do about it. */
  readonly hint: string;
}

/** The front matter of a workplan. Dates are YYYY-MM-DD; hub ids are lower-case UUIDs. */
export interface Workplan {
  readonly id: string;
  readonly title: string;
  readonly domain: string;
  readonly repo: string;
  readonly status: WorkplanStatus;
  readonly owner: string;
  readonly topicSlug: string;
  readonly created: string;
  readonly updated: string;
  readonly dependsOn: readonly string[];
  readonly followUpWorkplan: string | null;
  readonly supersedesIntentFrom: string | null;
  /** `state_hub_workstream_id` as the file has it. */
  readonly hubId: string | null;
  /** Keys that we don't know, as JSON values; every scalar is the string that was written. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Where each key stands, by its name in the file. */
  readonly places: Readonly<Record<string, Place>>;
}

/** One task. Its own place is that of the fence line. */
export interface TaskBlock extends Place {
  readonly id: string;
  readonly title: string;
  readonly status: TaskStatus;
  readonly priority: Priority;
  readonly completed: string | null;
  readonly needsHuman: boolean;
  readonly interventionNote: string | null;
  /** `state_hub_task_id` as the file has it. */
  readonly hubId: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly places: Readonly<Record<string, Place>>;
}

/** A task block that was found but can't be used; its ids where they could be read, so that its row is left in peace. */
export interface FailedBlock extends Place {
  readonly id: string | null;
  readonly hubId: string | null;
}

/** No workplan: plain text, or front matter of another type. */
export interface IgnoredReading {
  readonly state: "ignored";
  readonly path: string;
}

/** A workplan, or something that can't be told from one, of which nothing may be applied. */
export interface FailedReading {
  readonly state: "failed";
  readonly path: string;
  readonly id: string | null;
  readonly hubId: string | null;
  readonly tasks: readonly TaskBlock[];
  readonly failedBlocks: readonly FailedBlock[];
  readonly problems: readonly Problem[];
}

/** A workplan whose front matter is sound. Single blocks may still have failed: problems then says why. */
export interface ParsedReading {
  readonly state: "parsed";
  readonly path: string;
  readonly workplan: Workplan;
  readonly tasks: readonly TaskBlock[];
  readonly failedBlocks: readonly FailedBlock[];
  readonly problems: readonly Problem[];
}

export type WorkplanReading = IgnoredReading | FailedReading | ParsedReading;
