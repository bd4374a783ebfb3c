// What travels: the envelope that the hub and those who listen agreed on. Another name or type of a field in here is
// another version. (pure)

export const ENVELOPE_VERSION = "1.0";
export const PUBLISHER = "the-custodian/state-hub";

/** A row of the outbox, as far as the envelope tells of it. */
export interface OutboxEvent {
  readonly id: string;
  readonly subject: string;
  readonly attributes: unknown;
  readonly created_at: Date;
}

export interface Envelope {
  /** The same however often the event is sent. */
  readonly id: string;
  /** The subject that it is published on. */
  readonly type: string;
  readonly version: string;
  /** When the change was made, ISO 8601. */
  readonly timestamp: string;
  readonly publisher: string;
  readonly attributes: unknown;
}

export function envelopeOf({ id, subject, attributes, created_at }: OutboxEvent): Envelope {
  const timestamp = created_at.toISOString();
  return { id, type: subject, version: ENVELOPE_VERSION, timestamp, publisher: PUBLISHER, attributes };
}
