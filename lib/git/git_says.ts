// The one line of git's many that says why. ssh, curl, hooks and git itself all print to one stream, and the last line
// ("Could not read from remote repository") is mostly the one that tells nothing.
import { scrubText } from "../secret.ts";

const NOISE: readonly RegExp[] = [
  /^(fatal: )?Could not read from remote repository\.?$/,
  /^Please make sure you have the correct access rights$/,
  /^and the repository exists\.?$/,
  /^(warning|hint|Warning):/,
  /^@+$|^@ +WARNING/,
  /^(To|From) \S/,
  /^error: failed to push some refs/,
  /^fatal: the remote end hung up unexpectedly$/,
  /^Everything up-to-date$/,
];

// The first that is found is taken, wherever it stands.
const REASONS: readonly RegExp[] = [
  /Host key verification failed/,
  /Permission denied/,
  /could not read (Username|Password)|terminal prompts disabled/,
  /Authentication failed|invalid credentials/i,
  /timed out|Connection refused|No route to host|Network is unreachable/,
  /Could not resolve host/i,
  /certificate|SSL/,
  /detected dubious ownership/,
  /does not appear to be a git repository|Repository not found|repository '.*' not found/i,
  /No space left on device|quota exceeded/i,
  /returned error: \d+|unable to (access|update) /,
];

const LONGEST = 400;
const LONGEST_READ = 2_000;
const HALF = 64 * 1024;
// curl's own measurements: a problem that lasts must be told in the same words each time, else it looks like a new one.
const MEASURED = / after \d+ (?:ms|milliseconds|seconds)\b| with \d+(?: out of \d+)? bytes received\b/g;
const KEY_CHANGED = "REMOTE HOST IDENTIFICATION HAS CHANGED";

/** Why git failed, in its own words: one line, no secret, no control character. "" when it said nothing. */
export function whyGitFailed(stderr: string): string {
  const lines = meaningfulLines(bounded(stderr));
  const found = REASONS.map((reason) => lines.find((line) => reason.test(line))).find((line) => line !== undefined);
  const why = found ?? lines.at(-1) ?? "";
  return stderr.includes(KEY_CHANGED) ? `${why} The host's key is not the one that is known` : why;
}

/** What the other side itself printed (git marks it "remote:"), at most so many lines joined by "; ". */
export function remoteSays(stderr: string, most = 6): string {
  const said = bounded(stderr)
    .split(/[\r\n]+/)
    .filter((line) => line.startsWith("remote:"));
  const lines = said.map((line) => readable(line.slice("remote:".length))).filter((line) => line !== "");
  return cut(lines.slice(0, most).join("; "), LONGEST);
}

function meaningfulLines(stderr: string): string[] {
  const lines = stderr.split(/[\r\n]+/).map((line) => readable(line.replace(/^remote: ?/, "")));
  const kept = lines.filter((line) => line !== "" && !NOISE.some((noise) => noise.test(line)));
  return (kept.length > 0 ? kept : lines.filter((line) => line !== "")).map((line) =>
    cut(line.replace(/^(fatal|error|ssh): /, "").replace(MEASURED, ""), LONGEST),
  );
}

/** A remote may print escape sequences; they would reach a terminal, and a NUL no database takes. */
function readable(line: string): string {
  const plain = cut(line, LONGEST_READ).replace(/\x1b\[[0-9;]*[A-Za-z]/g, "");
  return scrubText(plain.replace(/\p{Cc}+/gu, " ")).trim();
}

/** Half a character (a lone surrogate) would make PostgreSQL refuse the whole report: 22P02. */
function cut(text: string, longest: number): string {
  return text.slice(0, longest).toWellFormed();
}

/** Its beginning and its end: a remote can print megabytes, and searching them would hold up the whole run. */
function bounded(text: string): string {
  return text.length <= 2 * HALF ? text : `${text.slice(0, HALF)}\n${text.slice(-HALF)}`;
}
