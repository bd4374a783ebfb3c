// Whatever can stand between the hub and its stream: each has a name and words of its own, is told of once, loses nothing,
// and when it is mended everything goes out. With a real nats-server that is really in that state.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { DiscardPolicy, type StreamConfig } from "nats";
import type { RelayStateName } from "../../../lib/events/relay_state.ts";
import type { NatsSettings } from "../../support/nats_server.ts";
import { eventsScene, onlyStreams, type Scene, storedEvents, updateStream } from "./events_scene.ts";

const WATCHDOG = 30_000;
let scene: Scene;
beforeAll(async () => {
  scene = await eventsScene();
}, WATCHDOG);
afterEach(async () => {
  await scene.clear();
  await scene.nats.wipe();
});
afterAll(() => scene.close());

const USER = "hub";
const PASSWORD = "s3cret word/ü";
const withLogin = () => scene.nats.url.replace("//", `//${USER}:${encodeURIComponent(PASSWORD)}@`);
const withToken = (token: string) => scene.nats.url.replace("//", `//${token}@`);
const login = (permissions = "") =>
  `authorization { users: [{ user: "${USER}", password: "${PASSWORD}"${permissions} }] }`;
const streams = (...configs: Partial<StreamConfig>[]) => onlyStreams(scene.nats.url, configs);

interface Case {
  readonly what: string;
  readonly state: RelayStateName;
  /** Words that must stand in the problem. */
  readonly says: string;
  readonly hint: string;
  readonly breaks: () => Promise<void>;
  readonly mends: () => Promise<void>;
  readonly natsUrl?: () => string;
}

const plain: NatsSettings = { lines: [] };
const CASES: readonly Case[] = [
  {
    what: "a server that does not run",
    state: "unreachable",
    says: "Could not reach NATS",
    hint: "/dev/tcp/127.0.0.1/",
    breaks: () => scene.nats.stop(),
    mends: () => scene.nats.start(plain),
  },
  {
    what: "a server that hangs from the start",
    state: "unreachable",
    says: "accepts connections and says nothing",
    hint: "/dev/tcp/127.0.0.1/",
    breaks: async () => {
      await scene.nats.start(plain);
      scene.nats.pause();
    },
    mends: async () => scene.nats.resume(),
  },
  {
    what: "a server without JetStream",
    state: "no_jetstream",
    says: "nats-server -js",
    hint: "account info",
    breaks: () => scene.nats.start({ jetstream: false }),
    mends: () => scene.nats.start(plain),
  },
  {
    what: "a wrong password",
    state: "refused",
    says: "Authorization Violation",
    hint: "grep -n -A5 authorization",
    breaks: () => scene.nats.start({ lines: [`authorization { user: "${USER}", password: "another" }`] }),
    mends: () => scene.nats.start({ lines: [login()] }),
    natsUrl: withLogin,
  },
  {
    what: "a wrong token",
    state: "refused",
    says: "Authorization Violation",
    hint: "grep -n -A5 authorization",
    breaks: () => scene.nats.start({ lines: ['authorization { token: "another" }'] }),
    mends: () => scene.nats.start({ lines: ['authorization { token: "t0ken" }'] }),
    natsUrl: () => withToken("t0ken"),
  },
  {
    what: "a user who may not use JetStream",
    state: "not_permitted",
    says: 'Permissions Violation for Publish to "$JS.API.STREAM.INFO.ACTIVITY_EVENTS"',
    hint: "grep -n -A5 permissions",
    breaks: () => scene.nats.start({ lines: [login(', permissions: { publish: ["org.>"], subscribe: [">"] }')] }),
    mends: () => scene.nats.start({ lines: [login()] }),
    natsUrl: withLogin,
  },
  {
    what: "a user who may not publish the events",
    state: "not_permitted",
    says: "it may not publish org.statehub.workstream.completed",
    hint: "grep -n -A5 permissions",
    breaks: () => scene.nats.start({ lines: [login(', permissions: { publish: ["$JS.API.>"], subscribe: [">"] }')] }),
    mends: () => scene.nats.start({ lines: [login()] }),
    natsUrl: withLogin,
  },
  {
    what: "a user who may not hear the answers",
    state: "not_permitted",
    says: "Permissions Violation for Subscription",
    hint: "grep -n -A5 permissions",
    breaks: () => scene.nats.start({ lines: [login(', permissions: { publish: [">"], subscribe: ["com.>"] }')] }),
    mends: () => scene.nats.start({ lines: [login()] }),
    natsUrl: withLogin,
  },
  {
    what: "a stream of that name with other subjects",
    state: "stream_unusable",
    says: "its subjects are com.activity.>, which do not take org.statehub.>",
    hint: "stream info ACTIVITY_EVENTS",
    breaks: async () => {
      await scene.nats.start(plain);
      await streams({ name: "ACTIVITY_EVENTS", subjects: ["com.activity.>"] });
    },
    mends: () => updateStream(scene.nats.url, "ACTIVITY_EVENTS", { subjects: ["com.activity.>", "org.statehub.>"] }),
  },
  {
    what: "a stream of that name that acknowledges nothing",
    state: "stream_unusable",
    says: "it acknowledges nothing",
    hint: "stream info ACTIVITY_EVENTS",
    breaks: async () => {
      await scene.nats.start(plain);
      await streams({ name: "ACTIVITY_EVENTS", subjects: ["org.>"], no_ack: true });
    },
    mends: () => updateStream(scene.nats.url, "ACTIVITY_EVENTS", { no_ack: false }),
  },
  {
    what: "another stream that has the subjects",
    state: "stream_overlaps",
    says: "subjects overlap with an existing stream",
    hint: "stream ls",
    breaks: async () => {
      await scene.nats.start(plain);
      await streams({ name: "OTHERS", subjects: ["org.somebody.>"] });
    },
    mends: () => streams(),
  },
  {
    what: "a stream that is full",
    state: "full",
    says: "maximum messages exceeded",
    hint: "stream info ACTIVITY_EVENTS",
    breaks: async () => {
      await scene.nats.start(plain);
      await streams({ name: "ACTIVITY_EVENTS", subjects: ["org.>"], max_msgs: 2, discard: DiscardPolicy.New });
    },
    mends: () => updateStream(scene.nats.url, "ACTIVITY_EVENTS", { max_msgs: 1_000 }),
  },
  {
    what: "a server whose store is full",
    state: "full",
    says: "insufficient",
    hint: "stream info ACTIVITY_EVENTS",
    breaks: () => scene.nats.start({ maxStore: "2KB" }),
    mends: () => scene.nats.start(plain),
  },
];

describe("the relay, before", () => {
  for (const { what, state, says, hint, breaks, mends, natsUrl } of CASES) {
    test(
      `${what}: says so once, loses nothing, and publishes all when it is mended`,
      async () => {
        await breaks();
        const url = natsUrl?.() ?? scene.nats.url;
        const ids = await scene.insert(40);
        const relay = await scene.relay({ natsUrl: url });
        const told = await relay.reaches(state);
        expect(told.problem).toContain(says);
        expect(told.hint).toContain(hint);
        // It goes on trying meanwhile.
        ids.push(...(await scene.insert(5)));
        await mends();
        await scene.allSettled();
        await relay.reaches("relaying");
        expect((await storedEvents(url)).map(({ id }) => id).sort()).toEqual(ids.sort());
        const events = relay.lines.map(({ event }) => event);
        expect(events.filter((event) => event === `relay_${state}`)).toHaveLength(1);
        expect(events.filter((event) => event === "relay_relaying")).toHaveLength(1);
        expect(JSON.stringify([relay.lines, told])).not.toMatch(/s3cret|t0ken/);
      },
      WATCHDOG,
    );
  }
});
