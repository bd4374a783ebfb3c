// The one list of what the hub tells others: which change makes an event, and what stands in it. Subjects, the reference
// page and the transitions that callers report all come from here. Consumers depend on every name. (pure)
/** What changed, of which kind. `stale_task` is a task that is cancelled because nothing stands behind it any more. */
export type Subject = "repo" | "workstream" | "decision" | "domain_goal" | "stale_task";

export interface LifecycleEvent {
  /** The NATS subject, and the envelope's `type`. */
  readonly type: string;
  readonly of: Subject;
  /** Whether the change is one that others are told of. `from` is null where there was nothing before. */
  readonly happened: (from: string | null, to: string) => boolean;
  /** When, for the reference page. */
  readonly when: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** All are strings in the envelope, or null. */
export interface Attribute {
  /** `id`: a UUID of the hub; `time`: ISO 8601. */
  readonly kind: "id" | "text" | "time";
  readonly nullable: boolean;
  readonly what: string;
}

const id = (of: string): Attribute => ({ kind: "id", nullable: false, what: `The hub's id of the ${of}` });
const text = (what: string): Attribute => ({ kind: "text", nullable: false, what });
const orNull = (attribute: Attribute): Attribute => ({ ...attribute, nullable: true });

const REPO = { repo_id: id("repository"), repo: text("The repository's slug") };
const CHANGE = { from: text("Its status before"), to: text("Its status now") };

export const LIFECYCLE_EVENTS: readonly LifecycleEvent[] = [
  {
    type: "org.statehub.repo.registered",
    of: "repo",
    happened: (from, to) => to === "registered" && from !== "registered",
    when: "a repository is registered, or registered again after it was removed",
    attributes: {
      ...REPO,
      domain: orNull(text("The slug of its domain")),
      remote_url: orNull(text("Where it is fetched from, without credentials")),
      ...CHANGE,
      from: orNull(text("removed, or null for a new one")),
    },
  },
  {
    type: "org.statehub.workstream.completed",
    of: "workstream",
    happened: (from, to) => to === "finished" && from !== null && from !== "finished",
    when: "a workstream's status changes to finished; a first import of a finished one tells nobody",
    attributes: {
      workstream_id: id("workstream"),
      workplan_id: text("The workplan's own id"),
      ...REPO,
      domain: orNull(text("The slug of its domain")),
      ...CHANGE,
    },
  },
  {
    type: "org.statehub.decision.resolved",
    of: "decision",
    happened: (from, to) => to === "resolved" && from !== "resolved",
    when: "a decision is resolved",
    attributes: {
      decision_id: id("decision"),
      title: text("What had to be decided"),
      outcome: orNull(text("What was decided")),
      resolved_by: orNull(text("Who decided")),
      repo_id: orNull(id("repository, where it belongs to one")),
      repo: orNull(text("That repository's slug")),
      workstream_id: orNull(id("workstream that it is about")),
      workplan_id: orNull(text("That workplan's own id")),
      task_id: orNull(id("task that it is about")),
      task: orNull(text("That task's own id")),
      ...CHANGE,
    },
  },
  {
    type: "org.statehub.domain.goal.activated",
    of: "domain_goal",
    happened: (from, to) => to === "active" && from !== "active",
    when: "a domain's goal becomes active",
    attributes: {
      domain_goal_id: id("goal"),
      title: text("The goal"),
      domain_id: id("domain"),
      domain: text("The domain's slug"),
      ...CHANGE,
    },
  },
  {
    type: "org.statehub.task.stale",
    of: "stale_task",
    happened: (from, to) => to === "cancelled" && from !== "cancelled",
    when: "a task that no file stands behind is cancelled because its status has not changed for long",
    attributes: {
      task_id: id("task"),
      task: text("The task's own id"),
      workstream_id: id("workstream"),
      workplan_id: text("The workplan's own id"),
      ...REPO,
      status_changed_at: { kind: "time", nullable: false, what: "Since when its status was the same" },
      ...CHANGE,
    },
  },
];

export interface Transition {
  readonly of: Subject;
  /** The hub's id of what changed. */
  readonly id: string;
  readonly from: string | null;
  readonly to: string;
  /** Of a stale task: since when its status was the same, ISO 8601; the change itself has overwritten it. */
  readonly status_changed_at?: string;
}

/** @returns the event that a change makes; null for one that concerns nobody else */
export function eventOf({ of, from, to }: Transition): LifecycleEvent | null {
  return LIFECYCLE_EVENTS.find((event) => event.of === of && event.happened(from, to)) ?? null;
}
