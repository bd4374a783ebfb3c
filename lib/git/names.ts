// Which text may be a branch or an object's id. Both come from remotes that anybody may run: what git itself would refuse
// must not reach a refspec, the path of a ref or a report.

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

// git-check-ref-format(1), rules 1, 3 to 5, 7 to 10; "@" alone is barred by the same page.
const NEVER_WITHIN = /\.\.|@\{|\/\/|[\x00-\x20\x7f~^:?*[\\]/;
const COMPONENT = /^(?!\.)(?!.*\.lock$)./s;

/**
 * Whether git takes `refs/heads/<name>` as a ref. A leading `-` or shell characters are fine there: such a name is only
 * ever part of a longer word. Text that was not UTF-8 (it shows as U+FFFD) is no name: it could not be asked for again.
 */
export function isBranchName(name: string): boolean {
  if (name === "" || NEVER_WITHIN.test(name) || name.endsWith(".") || !name.isWellFormed()) return false;
  return !name.includes("\uFFFD") && name.split("/").every((part) => COMPONENT.test(part));
}

/** A full object id, SHA-1 or SHA-256. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}
