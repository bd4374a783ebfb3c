// A small workplan in parts, so that a test names only what it changes.

export const FRONT: Readonly<Record<string, string>> = {
  id: "STATE-WP-0001",
  type: "workplan",
  title: '"A plan"',
  domain: "custodian",
  repo: "state-hub",
  status: "active",
  owner: "codex",
  topic_slug: "custodian",
  created: '"2026-06-21"',
  updated: '"2026-06-22"',
};

export const TASK: Readonly<Record<string, string>> = { id: "STATE-WP-0001-T01", status: "todo", priority: "high" };

/** `key: value` lines; a change of null takes the key out. */
export function lines(
  base: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>> = {},
): string {
  const merged = Object.entries({ ...base, ...changes }).filter(([, value]) => value !== null);
  return merged.map(([key, value]) => `${key}: ${value}\n`).join("");
}

/** A front matter with changes, and a body. */
export function plan(changes: Readonly<Record<string, string | null>> = {}, body = ""): string {
  return `---\n${lines(FRONT, changes)}---\n${body}`;
}

/** A task block with changes. */
export function block(changes: Readonly<Record<string, string | null>> = {}, fence = "```"): string {
  return `${fence}task\n${lines(TASK, changes)}${fence}\n`;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
