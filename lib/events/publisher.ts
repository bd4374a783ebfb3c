// Sends events side by side and hears for each of them whether the stream has it. The client's own publish() waits for each
// with a timer and a promise of its own, at twice the cost.
import type { Msg, NatsConnection, Subscription } from "nats";
import { OUR_SUBJECTS, STREAM } from "./event_stream.ts";
import type { NatsLink } from "./nats_connection.ts";
import { covers, isSubjectFilter } from "./subject_filter.ts";
import { type Trouble, troubleNamed, troubleOf } from "./trouble.ts";

export interface Outgoing {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
}

export interface Outcome {
  /** Ids that the stream has. */
  readonly acknowledged: readonly string[];
  /** Those that it will never take, with the reason; the others are not held up. */
  readonly refused: readonly Refusal[];
  /** What ended the sending; null when all were answered, or the signal ended it. */
  readonly trouble: Trouble | null;
}
export interface Refusal {
  readonly id: string;
  readonly reason: string;
}

export interface SendPace {
  /** How long no acknowledgement at all may come while some are missing, in milliseconds. */
  readonly silenceMs: number;
}

/** How long those that are under way are waited for after the signal. */
const DRAIN_MS = 1_500;

interface Batch {
  readonly missing: Map<number, string>;
  readonly acknowledged: string[];
  readonly refused: Refusal[];
  trouble: Trouble | null;
  heardAt: number;
  conclude(): void;
}

interface Acknowledgement {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

// nats-server, server/errors.json: "message size exceeds maximum allowed".
const TOO_LARGE = 10_054;

/** Must be closed. */
export class Publisher {
  readonly #link: NatsLink;
  readonly #pace: SendPace;
  readonly #inbox: string;
  readonly #answers: Subscription;
  readonly #batches = new Map<number, Batch>();
  #token = 0;

  constructor(link: NatsLink, pace: SendPace) {
    this.#link = link;
    this.#pace = pace;
    this.#inbox = link.client.createInbox();
    this.#answers = link.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => this.#hear(error, answer),
    });
    void link.gone.then((trouble) => this.#end(trouble));
    void this.#watchPermissions(link.connection);
  }

  close(): void {
    this.#answers.unsubscribe();
    this.#end(null);
  }

  /** Resolves in any case: when all were answered, when nothing comes any more, or soon after the signal. */
  async send(events: readonly Outgoing[], signal: AbortSignal): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const batch: Batch = {
      missing: new Map(),
      acknowledged: [],
      refused: [],
      trouble: null,
      heardAt: performance.now(),
      conclude: resolve,
    };
    let drain: NodeJS.Timeout | undefined;
    const stop = () => {
      drain = setTimeout(resolve, DRAIN_MS);
    };
    const watch = setInterval(() => this.#lookForSilence(batch), this.#pace.silenceMs / 4);
    for (const event of events) this.#sendOne(event, batch);
    if (batch.missing.size === 0) resolve();
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    await promise;
    signal.removeEventListener("abort", stop);
    clearTimeout(drain);
    clearInterval(watch);
    for (const token of batch.missing.keys()) this.#batches.delete(token);
    return batch;
  }

  #sendOne({ id, subject, body }: Outgoing, batch: Batch): void {
    if (batch.trouble !== null) return;
    if (!isSubjectFilter(subject) || /[*>]/.test(subject) || !covers(OUR_SUBJECTS, subject)) {
      batch.refused.push({ id, reason: `its subject ${JSON.stringify(subject)} is none of ${OUR_SUBJECTS}` });
      return;
    }
    const headers = this.#link.client.headers();
    headers.set("Nats-Msg-Id", id);
    // Should another stream have taken over the subject, the event is refused and not lost in there.
    headers.set("Nats-Expected-Stream", STREAM);
    const token = ++this.#token;
    try {
      this.#link.connection.publish(subject, body, { headers, reply: `${this.#inbox}.${token}` });
      batch.missing.set(token, id);
      this.#batches.set(token, batch);
    } catch (error) {
      if ((error as { code?: unknown }).code === "MAX_PAYLOAD_EXCEEDED")
        batch.refused.push({ id, reason: "it is larger than the server takes" });
      else batch.trouble = troubleOf(error, this.#link.address);
    }
  }

  #hear(error: Error | null, answer: Msg): void {
    if (error !== null) {
      this.#end(troubleOf(error, this.#link.address));
      return;
    }
    const token = Number(answer.subject.slice(this.#inbox.length + 1));
    const batch = this.#batches.get(token);
    const id = batch?.missing.get(token);
    if (batch === undefined || id === undefined) return;
    this.#batches.delete(token);
    batch.missing.delete(token);
    batch.heardAt = performance.now();
    this.#note(batch, id, answer);
    if (batch.missing.size === 0) batch.conclude();
  }

  #note(batch: Batch, id: string, answer: Msg): void {
    if (answer.data.length === 0) {
      // The server's own word that nobody listens there: the stream was deleted, or JetStream switched off, meanwhile.
      batch.trouble ??= troubleNamed("unavailable", "no stream takes them any more", this.#link.address);
      return;
    }
    const { error } = answer.json<Acknowledgement>();
    if (error === undefined) batch.acknowledged.push(id);
    else if (error.err_code === TOO_LARGE) batch.refused.push({ id, reason: "it is larger than the stream takes" });
    else batch.trouble ??= troubleOf({ code: String(error.code), api_error: error }, this.#link.address);
  }

  #lookForSilence(batch: Batch): void {
    if (performance.now() - batch.heardAt < this.#pace.silenceMs) return;
    const seen = `${batch.missing.size} events without an acknowledgement for ${this.#pace.silenceMs / 1000} s`;
    batch.trouble ??= troubleNamed("unanswered", seen, this.#link.address);
    batch.conclude();
  }

  /** The server tells of a refused publish beside the answers, by its subject. */
  async #watchPermissions(connection: NatsConnection): Promise<void> {
    for await (const { type, data, permissionContext } of connection.status() as AsyncIterable<Status>) {
      if (type !== "error" || permissionContext === undefined) continue;
      const { operation, subject } = permissionContext;
      const seen = operation === "publish" ? `it may not publish ${subject}` : `it may not subscribe to ${subject}`;
      this.#end(troubleNamed("not_permitted", seen, this.#link.address, data));
    }
  }

  #end(trouble: Trouble | null): void {
    for (const batch of new Set(this.#batches.values())) {
      batch.trouble ??= trouble;
      batch.conclude();
    }
  }
}

interface Status {
  readonly type: string;
  readonly data: unknown;
  readonly permissionContext?: { readonly operation: string; readonly subject: string };
}
