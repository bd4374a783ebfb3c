// The proof that a server serves: a connection with our password that names our data directory. A port that answers is
// not enough; it may be somebody else's server.
import { realpathSync } from "node:fs";
import { describeFailure, OpsFailure } from "../failure.ts";
import { type Secret, scrubText } from "../secret.ts";
import { waitUntil } from "../wait_until.ts";
import type { Deadline } from "./deadline.ts";
import { isPostmasterOf } from "./postmaster.ts";
import { lastLogLine } from "./server_log.ts";

/** Connects and asks `current_setting('data_directory')`; throws when it can't. Handed in: no SQL client here. */
export type Probe = (url: Secret) => Promise<{ readonly dataDirectory: string }>;

export interface ProveAnswers {
  readonly connect: Probe;
  /** In messages; "the embedded PostgreSQL" unless given. */
  readonly called?: string;
  readonly progress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

interface Answering {
  readonly url: Secret;
  readonly port: number;
  readonly pid: number;
  readonly dataDirectory: string;
}

type Answer = { readonly found: boolean } | { readonly refused: string };

// SQLSTATEs that waiting can't cure: wrong password, not let in, database gone.
const HOPELESS = new Set(["28P01", "28000", "3D000"]);

/**
 * Probes until the server answers: right after a crash it refuses ("in recovery mode"), when full too.
 * @returns false when its process ended meanwhile
 * @throws OpsFailure at the deadline, and at once when the refusal is final
 */
export async function proveAnswers(options: ProveAnswers, server: Answering, deadline: Deadline): Promise<boolean> {
  let said = false;
  const wait = {
    forWhat: `${nameOf(options)} (pid ${server.pid}, port ${server.port}) to answer`,
    deadlineMs: deadline.left(),
    intervalMs: 50,
  };
  return waitUntil(options.signal === undefined ? wait : { ...wait, signal: options.signal }, async () => {
    const answer = await asked(options, server, Math.max(1_000, deadline.left()));
    if (!("refused" in answer)) return answer;
    if (!said) options.progress?.(`Waiting for PostgreSQL: ${answer.refused}`);
    said = true;
    return { seen: `${answer.refused}; its log says: ${lastLogLine(server.dataDirectory)}` };
  });
}

async function asked(options: ProveAnswers, server: Answering, withinMs: number): Promise<Answer> {
  try {
    const { dataDirectory } = await within(withinMs, options.connect(server.url));
    if (samePlace(dataDirectory, server.dataDirectory)) return { found: true };
    throw cannotServe(options, server, `port ${server.port} is a server of ${dataDirectory}`);
  } catch (error) {
    if (error instanceof OpsFailure && error.message === cannot(options)) throw error;
    const refused = scrubText(describeFailure(error));
    if (HOPELESS.has(sqlState(error) ?? "")) throw cannotServe(options, server, refused, error);
    if (!isPostmasterOf(server.pid, server.dataDirectory)) return { found: false };
    return { refused };
  }
}

const nameOf = (options: ProveAnswers): string => options.called ?? "the embedded PostgreSQL";
const cannot = (options: ProveAnswers): string => `Could not use ${nameOf(options)}`;

function cannotServe(options: ProveAnswers, server: Answering, observed: string, cause?: unknown): OpsFailure {
  return new OpsFailure(cannot(options), {
    observed,
    expected: `an answer from pid ${server.pid}`,
    where: server.dataDirectory,
    hint: `tail ${server.dataDirectory}/log/*.log`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A server that hangs accepts the connection and then says nothing: the probe must not outlast the deadline. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The driver may wrap the server's error: the code is looked for along the causes. */
function sqlState(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return null;
}

function samePlace(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
