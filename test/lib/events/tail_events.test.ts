// What a person sees of the stream: what is stored, what comes, and an error where nothing can come.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { type TailedEvent, type TailOptions, tailEvents } from "../../../lib/events/tail_events.ts";
import { OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";
import { waitUntil } from "../../../lib/wait_until.ts";
import { type NatsServer, natsServer } from "../../support/nats_server.ts";
import { onlyStreams, withNats } from "./events_scene.ts";

let nats: NatsServer;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  nats = await natsServer();
  await nats.start();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  nats.resume();
});
afterAll(() => nats.stop());

const STREAM = { name: "ACTIVITY_EVENTS", subjects: ["org.>"] };
const publish = (...messages: readonly (readonly [string, string])[]) =>
  withNats(nats.url, async (connection) => {
    for (const [subject, text] of messages) await connection.jetstream().publish(subject, text);
  });
const numbered = (from: number, to: number, subject = "org.statehub.repo.registered") =>
  Array.from({ length: to - from + 1 }, (_, at) => [subject, `{"n":${from + at}}`] as const);

/** Starts it; resolves when it listens. */
async function tail(options: Partial<TailOptions> = {}) {
  const [ending, shown] = [new AbortController(), [] as TailedEvent[]];
  const listening = Promise.withResolvers<void>();
  const ended = tailEvents({
    natsUrl: new Secret(nats.url),
    answerWithinMs: 400,
    signal: ending.signal,
    onEvent: (event) => shown.push(event),
    onListening: listening.resolve,
    ...options,
  });
  ends.push(() => {
    ending.abort();
    return ended.catch(() => {});
  });
  await Promise.race([listening.promise, ended]);
  const sees = (events: number) =>
    waitUntil({ forWhat: `${events} events`, deadlineMs: 5_000 }, () =>
      shown.length >= events ? { found: shown } : { seen: JSON.stringify(shown) },
    );
  return { shown, sees, ended, end: () => ending.abort() };
}

async function failure(work: Promise<unknown>): Promise<OpsFailure> {
  const error = await work.then(
    () => null,
    (thrown) => thrown,
  );
  if (!(error instanceof OpsFailure)) throw new Error(`wanted an OpsFailure, got ${error}`);
  return error;
}

const numbers = (events: readonly TailedEvent[]) => events.map(({ envelope }) => (envelope as { n: number }).n);

describe("tailEvents()", () => {
  test("shows what comes from now on, whole, and ends with its signal", async () => {
    await onlyStreams(nats.url, [STREAM]);
    await publish(...numbered(1, 3));
    const { sees, ended, end } = await tail();
    await publish(
      ["org.statehub.repo.registered", '{"n":4}'],
      ["org.other.thing", "{}"],
      ["org.statehub.x", "no JSON"],
    );
    const [first, second] = await sees(2);
    expect(first).toEqual({
      sequence: 4,
      subject: "org.statehub.repo.registered",
      stored_at: expect.stringMatching(/^20.*Z$/),
      envelope: { n: 4 },
      text: '{"n":4}',
    });
    expect(second).toMatchObject({ subject: "org.statehub.x", envelope: null, text: "no JSON" });
    end();
    expect(await ended).toBeUndefined();
  });

  for (const [last, wanted] of [
    [1, [60]],
    [7, [54, 55, 56, 57, 58, 59, 60]],
    [1_000, Array.from({ length: 60 }, (_, at) => at + 1)],
  ] as const) {
    test(`with last ${last} also shows so many that are stored, of that subject alone`, async () => {
      await onlyStreams(nats.url, [STREAM]);
      for (let from = 1; from <= 60; from += 20) {
        await publish(...numbered(from, from + 19), ...numbered(1_000, 1_009, "org.statehub.noise"));
      }
      const { sees } = await tail({ last, subject: "org.statehub.repo.*" });
      expect(numbers(await sees(wanted.length))).toEqual([...wanted]);
    });
  }

  test("with since shows what was stored from then on", async () => {
    await onlyStreams(nats.url, [STREAM]);
    await publish(...numbered(1, 2));
    // The stream's clock is this machine's; later than what stands there, not later than what comes.
    await Bun.sleep(5);
    const since = new Date().toISOString();
    await Bun.sleep(5);
    await publish(...numbered(3, 4));
    expect(numbers(await (await tail({ since })).sees(2))).toEqual([3, 4]);
  });

  test("without events shows none, and goes on", async () => {
    await onlyStreams(nats.url, [STREAM]);
    const { sees, shown } = await tail({ last: 5 });
    expect(shown).toEqual([]);
    await publish(...numbered(1, 1));
    await sees(1);
  });

  test("fails without the stream, and where the stream takes nothing of the subject", async () => {
    await onlyStreams(nats.url, []);
    expect(await failure(tail())).toMatchObject({
      message: "Could not find the stream of the events",
      observed: "stream not found",
    });
    await onlyStreams(nats.url, [STREAM]);
    const { message, observed } = await failure(tail({ subject: "com.>" }));
    expect([message, observed]).toEqual([
      "Could not show events",
      "the stream ACTIVITY_EVENTS takes org.>; nothing can come on com.>",
    ]);
  });

  test("fails when the stream is deleted, the server freezes or ends, instead of showing nothing for ever", async () => {
    for (const [act, wanted] of [
      [() => onlyStreams(nats.url, []), "Could not find the stream of the events"],
      [async () => nats.pause(), "Could not get an answer from NATS"],
      [() => nats.stop(), "Could not reach NATS"],
    ] as const) {
      await onlyStreams(nats.url, [STREAM]);
      const { ended } = await tail();
      await act();
      expect((await failure(ended)).message).toBe(wanted);
      nats.resume();
    }
    await nats.start();
  });

  for (const [what, options] of [
    ["a subject with an empty word", { subject: "org..x" }],
    ["a subject with a space", { subject: "org.a b" }],
    ["a wildcard inside of a word", { subject: "org.sta*" }],
    ["a > before the end", { subject: "org.>.x" }],
    ["a time that is none", { since: "yesterday" }],
    ["a number below zero", { last: -1 }],
    ["a time and a number", { since: "2026-01-01T00:00:00Z", last: 1 }],
    ["a URL of another kind", { natsUrl: new Secret("http://user:s3cret@127.0.0.1") }],
  ] as const) {
    test(`refuses ${what} as a mistake of the caller's`, async () => {
      const refused = await failure(tail(options));
      expect(refused.kind).toBe("usage");
      expect(JSON.stringify({ ...refused, message: refused.message })).not.toContain("s3cret");
    });
  }
});
