// What kubectl says when it fails, in an operator's words and with what to type next. Its own last line names neither the
// context it used nor the right that is missing, and "localhost:8080 was refused" means that there is no kubeconfig at all.
import { OpsFailure } from "../failure.ts";
import { scrubText } from "../secret.ts";
import { shellQuoted } from "../shell_quoted.ts";

interface Asked {
  readonly context: string | null;
  readonly namespace: string;
}

interface Saying {
  readonly said: RegExp;
  readonly expected: string;
  /** What to type, after `kubectl --context=... --namespace=...`. */
  readonly type: string;
  /** The kubeconfig is in question: no context is named in the command. */
  readonly bare?: true;
}

export const OLDEST_KUBECTL = "1.27";

const SAYINGS: readonly Saying[] = [
  {
    said: /context .* does not exist|no context exists|context was not found|localhost:8080|incomplete configuration info/,
    expected: "a kubeconfig with that context",
    type: "config get-contexts",
    bare: true,
  },
  {
    said: /error loading config file|invalid configuration/,
    expected: "a kubeconfig that can be read",
    type: "config view",
    bare: true,
  },
  {
    said: /connection refused|was refused|no such host|no route to host|network is unreachable|unable to handle the request/i,
    expected: "the cluster's API server to answer",
    type: "cluster-info",
  },
  {
    said: /server gave HTTP response to HTTPS client|invalid character .* looking for beginning of value/,
    expected: "the API server at that address, and no other server",
    type: "cluster-info",
  },
  {
    said: /timeout|timed out|deadline exceeded|still running after/i,
    expected: "an answer in time from the cluster's API server",
    type: "cluster-info",
  },
  { said: /certificate|x509/, expected: "a certificate that the kubeconfig trusts", type: "config view --minify" },
  {
    said: /\(Unauthorized\)|must be logged in|provide credentials/,
    expected: "credentials that the cluster takes",
    type: "auth whoami",
  },
  { said: /\(Forbidden\)|is forbidden/, expected: "an account with that right", type: "auth can-i --list" },
  {
    // RFC 6902: a test in the patch did not hold. The API server says no more of it than this.
    said: /the server rejected our request due to an error in our request|\(Conflict\)|the object has been modified/,
    expected: "a CronJob that nobody changed since it was looked at",
    type: "get cronjobs.batch",
  },
  { said: /\(AlreadyExists\)/, expected: "a name that is free", type: "get cronjobs.batch,jobs.batch" },
  { said: /\(NotFound\)/, expected: "an object of that name in that namespace", type: "get cronjobs.batch,jobs.batch" },
];

/** @param said what kubectl printed to stderr; null: there is no kubectl */
export function kubectlFailure(asked: Asked, argv: readonly string[], said: string | null): OpsFailure {
  if (said === null)
    return new OpsFailure("Could not start kubectl", {
      observed: "no kubectl on the PATH",
      expected: `kubectl ${OLDEST_KUBECTL} or newer`,
      hint: "command -v kubectl",
    });
  const words = ownWords(said);
  // A URL in them names the deadline of its request, whatever it was that failed.
  const reason = words.join("\n").replace(/[?&]timeout=\w+/g, "");
  const known = SAYINGS.find((saying) => saying.said.test(reason));
  const { context, namespace } = asked;
  const place = [...(context === null ? [] : [`--context=${shellQuoted(context)}`]), `--namespace=${namespace}`];
  return new OpsFailure(`Could not ${whatWasAsked(argv)}`, {
    observed: scrubText((words.at(-1) ?? "").replace(/^error: /i, "")),
    ...(known === undefined ? {} : { expected: known.expected }),
    where: `${context === null ? "the current context" : `context ${context}`}, namespace ${namespace}`,
    hint: ["kubectl", ...(known?.bare ? [] : place), known?.type ?? "get cronjobs.batch"].join(" "),
  });
}

/** "get cronjobs.batch state-hub-consistency-sweep by kubectl" */
function whatWasAsked(argv: readonly string[]): string {
  const words = argv.filter((word, at) => at > 0 && !word.startsWith("-")).join(" ");
  // What is created comes by stdin, and only Jobs are.
  return `${words === "create" ? "create a Job" : words} by kubectl`;
}

// kubectl logs what its discovery ran into ("E1121 11:29:50.5 123 memcache.go:265] ...") before it says what is wrong.
function ownWords(said: string): string[] {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const own = lines.filter((line) => !/^[EWIF]\d{4} /.test(line));
  return own.length > 0 ? own : lines.slice(-1);
}
