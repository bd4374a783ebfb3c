// The reference page of the events, EVENTS.md beside this file, made of the list that the events themselves are made of: a
// name that stands in one and not in the other is what breaks those who listen. (pure)
import { ENVELOPE_VERSION, PUBLISHER } from "./envelope.ts";
import { type Attribute, LIFECYCLE_EVENTS, type LifecycleEvent } from "./lifecycle_events.ts";

/** The whole page. */
export function eventsReference(): string {
  return [HEAD, ...LIFECYCLE_EVENTS.map(section), TAIL].join("\n");
}

const HEAD = `# Events

What the hub tells others, on NATS. This page is made from lib/events/lifecycle_events.ts; \`scripts/bun test/write_events_reference.ts\` writes it again.

## Delivery

- Stream \`ACTIVITY_EVENTS\` (JetStream, subjects \`org.>\`). A hub with NATS_URL creates it when it is missing and never changes it.
- **At least once.** An event stands in the hub's database from the commit of its change, is published after it, and is sent again until the stream has acknowledged it, however long NATS is away. What is rolled back is never published.
- **Deduplicate by \`id\`.** It is the same however often an event is sent, and stands in the header \`Nats-Msg-Id\`. The stream drops repeats within its duplicate window (1 h), and the hub looks older attempts up in the stream before it sends them again; what is left is a consumer's to drop.
- **The order is not promised.** \`timestamp\` tells when the change was made. Who needs the state of now asks the hub for it by the ids in \`attributes\`.
- A hub without NATS_URL tells nobody: it marks its events as suppressed, and \`scripts/state_hub.ts events replay\` publishes them later.

## Envelope

| Field | Value |
|---|---|
| \`id\` | UUID of the event |
| \`type\` | the subject that it was published on |
| \`version\` | \`"${ENVELOPE_VERSION}"\`; another one when a field below changes its name or meaning |
| \`timestamp\` | when the change was made, ISO 8601, UTC |
| \`publisher\` | \`"${PUBLISHER}"\` |
| \`attributes\` | the event's own, as below: each key is always there, and null where that is allowed and nothing is known |
`;

const TAIL = `## Looking at them

\`scripts/state_hub.ts events tail\` shows new ones, \`--last 20\` also the last that are stored. With NATS's own tool: \`nats sub 'org.statehub.>'\`.
`;

function section({ type, when, attributes }: LifecycleEvent): string {
  const rows = Object.entries(attributes).map(([name, each]) => `| \`${name}\` | ${typeOf(each)} | ${each.what} |`);
  return [`## ${type}`, "", `When ${when}.`, "", "| Attribute | Type | What |", "|---|---|---|", ...rows, ""].join(
    "\n",
  );
}

const TYPES: Readonly<Record<Attribute["kind"], string>> = { id: "UUID", text: "string", time: "ISO 8601 time" };

function typeOf({ kind, nullable }: Attribute): string {
  return nullable ? `${TYPES[kind]} or null` : TYPES[kind];
}
