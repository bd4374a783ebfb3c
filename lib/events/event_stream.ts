// The stream that keeps the events: created when it is missing, never changed when it is there, since others listen to it.
// One that would not keep ours is told of by name; to publish into it would be to lose events without a word.
import type { StreamConfig } from "nats";
import type { NatsLink } from "./nats_connection.ts";
import { covers } from "./subject_filter.ts";
import { Trouble, troubleNamed, troubleOf } from "./trouble.ts";

export const STREAM = "ACTIVITY_EVENTS";
/** Everything that this hub publishes. */
export const OUR_SUBJECTS = "org.statehub.>";

const NANOS_PER_MS = 1_000_000;
const CREATED = {
  name: STREAM,
  subjects: ["org.>"],
  storage: "file",
  // An event that is sent again within the hour is one event: a hub that was killed, or lost its line, sends it again.
  duplicate_window: 3_600_000 * NANOS_PER_MS,
} as const;

export interface EventStream {
  readonly subjects: readonly string[];
  /** How long the stream remembers an id, in milliseconds. */
  readonly duplicateWindowMs: number;
}

/** Why a stream of that name cannot be used: what it has. */
const UNUSABLE: readonly {
  readonly is: (config: StreamConfig) => boolean;
  readonly has: (config: StreamConfig) => string;
}[] = [
  {
    is: ({ mirror }) => mirror !== undefined,
    has: ({ mirror }) => `it mirrors ${mirror?.name} and takes no events itself`,
  },
  {
    is: ({ subjects }) => !subjects?.some((subject) => covers(subject, OUR_SUBJECTS)),
    has: ({ subjects = [] }) => `its subjects are ${subjects.join(", ")}, which do not take ${OUR_SUBJECTS}`,
  },
  { is: ({ no_ack }) => no_ack === true, has: () => "it acknowledges nothing (no_ack)" },
  { is: ({ sealed }) => sealed === true, has: () => "it is sealed" },
];

/** As it is. @throws Trouble */
export async function eventStream({ manager, address }: NatsLink): Promise<EventStream> {
  try {
    const { config } = await manager.streams.info(STREAM);
    return { subjects: config.subjects ?? [], duplicateWindowMs: config.duplicate_window / NANOS_PER_MS };
  } catch (error) {
    throw troubleOf(error, address);
  }
}

/** The stream, created if need be, and fit for our events. @throws Trouble */
export async function ensureEventStream(link: NatsLink): Promise<EventStream> {
  const { manager, address } = link;
  try {
    const { config } = await manager.streams.info(STREAM).catch((error) => {
      if (troubleOf(error, address).trouble !== "stream_missing") throw error;
      return manager.streams.add({ ...CREATED } as unknown as Partial<StreamConfig>);
    });
    const reason = UNUSABLE.find(({ is }) => is(config));
    if (reason) throw troubleNamed("stream_unusable", reason.has(config), address);
    return { subjects: config.subjects, duplicateWindowMs: config.duplicate_window / NANOS_PER_MS };
  } catch (error) {
    throw error instanceof Trouble ? error : troubleOf(error, address);
  }
}
