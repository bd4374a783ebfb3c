// The title of a task: the heading above its block, without the number that its author put in front.

// `T01 —`, `T1 -`, `T01:`, `STATE-WP-0064-T01 —`: the task's number, then a mark that parts it from the words.
const NUMBER = /^(?:[A-Z0-9][A-Z0-9-]{0,100}-)?T\d{1,6}\s*(?:[—–:.)-]+)\s*/;

// Control and direction characters would change what a terminal shows around the title.
const UNSHOWN = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+/g;

/** Title from a heading's text; the task's own id where there is no heading, or none worth showing. */
export function taskTitle(heading: string | null, taskId: string): string {
  const plain = (heading ?? "").replace(UNSHOWN, "").trim();
  const title = plain.replace(NUMBER, "").trim();
  return title || plain || taskId;
}
