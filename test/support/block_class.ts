// What class a runbook's command must have, by its words: what only looks, or does what a schedule does, is pasted by the
// way; what settles or removes something must say so before it is.

/** Words of commands that no schedule would run. */
const DANGER = [
  /(^| )(rm|mv|kill|install)( |$)/,
  /--apply\b|--write-back\b|--accept-history\b|serve --host\b/,
  /held apply|repo remove|hook (install|remove)|events replay|state_hub\.ts migrate$/,
  // Of the hub's routes those that settle something; a sync is what a schedule does.
  /-X (POST|PATCH) "\S+\/(repos|decisions|domain-goals|workstreams|tasks)\b(?!\S*\/sync")/,
];

export function classOf(command: string): "plan" | "danger" | "run" {
  if (/--dry-run\b|--plan\b|held show/.test(command)) return "plan";
  return DANGER.some((words) => words.test(command.trim())) ? "danger" : "run";
}
