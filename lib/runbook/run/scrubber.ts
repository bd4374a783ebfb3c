// Takes out of a block's output what must not be kept: a transcript is read by others, copied and sent. Known are the values
// of variables that are called like secrets, passwords in URLs, files that hold a secret, and credentials by their form.
import { readFileSync, statSync } from "node:fs";
import { scrubText } from "../../secret.ts";
import { ENOUGH_SECRETS, findSecrets, withoutSecrets } from "../../workplan/secrets.ts";

const SECRET_NAME = /PASS(WORD|WD|PHRASE)?$|TOKEN$|SECRET|API_?KEY|CREDENTIAL/i;
const SECRET_FILE_NAME = /(PASS(WORD|WD|PHRASE)?|TOKEN|SECRET|API_?KEY|CREDENTIALS?|DATABASE_URL|NATS_URL)_?FILE$/i;
/** Shorter ones stand in every second line by chance. */
const SHORTEST = 6;
const LARGEST_FILE = 4096;
const HIDDEN = "***";
/** With all that stands between its two lines. */
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]{0,60}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,60}-----|$)/g;

/** @param env what the blocks run with */
export function scrubberFor(env: Readonly<Record<string, string>>): (text: string) => string {
  const entries = Object.entries(env);
  // A path in a variable that is called SECRET_FILE is none itself.
  const named = entries.filter(([name]) => SECRET_NAME.test(name) && !SECRET_FILE_NAME.test(name));
  const values = [...named.map(([, value]) => value), ...entries.flatMap(([, value]) => passwordOf(value))];
  const files = entries.flatMap(([name, value]) => (SECRET_FILE_NAME.test(name) ? [value] : []));
  return (text) => {
    // A block may write one: they are read again for each text.
    const contents = files.map(contentOf);
    const known = [...values, ...contents, ...contents.flatMap(passwordOf)].filter(({ length }) => length >= SHORTEST);
    const longestFirst = [...new Set(known)].sort((a, b) => b.length - a.length);
    const rest = longestFirst.reduce((left, value) => left.replaceAll(value, HIDDEN), text);
    return withoutAnySecret(scrubText(rest.replace(PRIVATE_KEY, HIDDEN)));
  };
}

function passwordOf(value: string): string[] {
  const password = URL.canParse(value) ? new URL(value).password : "";
  if (password === "") return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

function contentOf(file: string): string {
  try {
    return statSync(file).size <= LARGEST_FILE ? readFileSync(file, "utf8").trim() : "";
  } catch {
    return "";
  }
}

/** They are found so and so many at a time. */
function withoutAnySecret(text: string): string {
  let clean = text;
  while (findSecrets(clean).length >= ENOUGH_SECRETS) clean = withoutSecrets(clean);
  return withoutSecrets(clean);
}

interface Said {
  readonly why: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** All that a block's result says. What hides a secret may come later than the block: a report is scrubbed anew. */
export function scrubbed<R extends Said>(result: R, scrub: (text: string) => string): R {
  const { why, stdout, stderr } = result;
  return { ...result, why: why === null ? null : scrub(why), stdout: scrub(stdout), stderr: scrub(stderr) };
}
