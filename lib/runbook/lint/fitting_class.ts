// A command is called what it is. A danger that is marked `run` is pasted by the way; a harmless one that is marked `danger`
// teaches people not to look at the mark.
import { isCommand } from "../read_runbook.ts";
import { RUNBOOK, type Rule } from "./rule.ts";

type Class = "plan" | "danger" | "run";

/** In the order in which they are asked; what none of them knows is `run`: it looks, or does what a schedule does anyway. */
const SIGNS: readonly { readonly words: RegExp; readonly class: Class; readonly because: string }[] = [
  { class: "plan", words: /--(dry-run|plan)\b|\bheld show\b/, because: "it shows what would be done" },
  {
    class: "plan",
    words: /\bcutover\.ts schedule (canary|switch|rollback)\b(?!.*--apply\b)/,
    because: "without --apply it saves a plan and does nothing",
  },
  { class: "danger", words: /(^|[ /])(rm|mv|kill|install)( |$)/, because: "it removes, replaces or ends something" },
  { class: "danger", words: /--(apply|write-back|accept-history)\b/, because: "no schedule runs with that flag" },
  { class: "danger", words: /\bserve --host\b/, because: "others can reach what it starts" },
  {
    class: "danger",
    words: /\b(held apply|repo remove|hook (install|remove)|events replay)\b|state_hub\.ts migrate(?! --status)/,
    because: "it settles what no schedule settles",
  },
  { class: "danger", words: /activity_definitions\.ts (render|sync)\b/, because: "it changes what a schedule runs by" },
  {
    class: "danger",
    words: /\b(createdb|dropdb|createuser|dropuser)\b|\bpsql\b.* -c ["']?(ALTER|CREATE|DROP|GRANT|REVOKE)\b|--into\b/,
    because: "it changes a database server",
  },
  {
    class: "danger",
    // Of the hub's routes those that settle something; a sync is what a schedule does.
    words: /-X (POST|PATCH) "\S+\/(repos|decisions|domain-goals|workstreams|tasks)\b(?!\S*\/sync")/,
    because: "it writes what only a person decides",
  },
  {
    class: "danger",
    words: /\b(systemctl|loginctl)\b.* (enable|disable|link|mask|unmask|stop|restart|kill|revert|enable-linger)\b/,
    because: "it changes what runs on this machine",
  },
  {
    class: "danger",
    words: /\bkubectl\b.* (apply|annotate|cp|create|delete|drain|edit|exec|label|patch|replace|rollout|scale|set)\b/,
    because: "it changes the cluster",
  },
  {
    class: "danger",
    words: /\b(podman|docker|buildah|skopeo)\b.* (copy|login|prune|push|rm|rmi)\b/,
    because: "it changes what others run, or removes it",
  },
];

export const fittingClass: Rule = {
  id: "fitting-class",
  claim: "a command is called what it is: a plan, a danger, or what looks or does as the schedule does",
  on: RUNBOOK,
  look: ({ blocks }) =>
    blocks.filter(isCommand).flatMap(({ line, kind, text }) => {
      const wanted = classOf(text);
      if (kind === wanted.class) return [];
      return [{ line, what: `class ${kind}, though ${wanted.because}`, hint: `class=${wanted.class}` }];
    }),
};

export function classOf(command: string): { readonly class: Class; readonly because: string } {
  const text = command.trim();
  return SIGNS.find(({ words }) => words.test(text)) ?? { class: "run", because: "it settles and removes nothing" };
}
