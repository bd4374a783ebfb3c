// What an activity is: when it fires, how long it may take, what it runs. Its file is the one place that says so; unit, CronJob
// and the hub's table are made from it, so that no two of them can disagree for long.

export interface ActivityDefinition {
  /** "the-custodian.state-hub-consistency-sweep": whose it is, a dot, and the name of its units and its CronJob. */
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
  readonly trigger: { readonly cron: string } | { readonly event: string };
  readonly timezone: "UTC";
  /** A slot that was missed is missed: nothing runs late in its stead. */
  readonly misfire_policy: "skip";
  /** The script's own budget; what kills a run that outlives it is in deadlines.ts. */
  readonly max_seconds: number;
  readonly on_failure: "log_and_continue";
  readonly enabled: boolean;
  readonly requires: readonly string[];
  /** When to act, in one line. */
  readonly rule: string;
  /** A script of this toolkit and its flags. */
  readonly instruction: string;
}

/** "state-hub-consistency-sweep": what its units and CronJob are called. */
export function unitNameOf({ id }: Pick<ActivityDefinition, "id">): string {
  return id.slice(id.lastIndexOf(".") + 1);
}

/** The schedule; null for one that an event triggers. */
export function cronOf({ trigger }: Pick<ActivityDefinition, "trigger">): string | null {
  return "cron" in trigger ? trigger.cron : null;
}
