// What can stand between an event and its stream, each under a name and in words that say what to look at. The client's
// own errors mislead: a missing stream, a full one and a server without JetStream are all "503" to it.
import { OpsFailure } from "../failure.ts";
import { scrubText } from "../secret.ts";
import type { NatsAddress } from "./nats_address.ts";

export type TroubleName =
  | "unreachable"
  | "unanswered"
  | "refused"
  | "not_permitted"
  | "no_jetstream"
  | "stream_missing"
  | "stream_unusable"
  | "stream_overlaps"
  | "full"
  | "unavailable"
  | "database";

/** Why nothing is published, or shown, now. A failure as any other, with a name that metrics can count. */
export class Trouble extends OpsFailure {
  readonly trouble: TroubleName;
  constructor(trouble: TroubleName, couldNot: string, detail: ConstructorParameters<typeof OpsFailure>[1]) {
    super(couldNot, detail);
    this.trouble = trouble;
  }
}

interface Words {
  readonly name: TroubleName;
  readonly couldNot: string;
  readonly expected: string;
  readonly look: (address: NatsAddress) => string;
}

/** docs.nats.io: the server greets with its INFO line, by which bash alone can tell whether it is one. */
const greet = ({ servers }: NatsAddress) => {
  const [host = "", port = ""] = hostAndPort(servers[0] ?? "");
  return `timeout 3 bash -c 'head -n1 </dev/tcp/${host}/${port}'`;
};
const nats = (command: string) => (address: NatsAddress) => `nats --server ${address.printable} ${command}`;

const WORDS: Readonly<Record<TroubleName, Omit<Words, "name">>> = {
  unreachable: { couldNot: "Could not reach NATS", expected: "a nats-server that accepts connections", look: greet },
  unanswered: { couldNot: "Could not get an answer from NATS", expected: "an answer within seconds", look: greet },
  refused: {
    couldNot: "Could not log in to NATS",
    expected: "credentials in NATS_URL that the server knows: nats://USER:PASSWORD@HOST or nats://TOKEN@HOST",
    look: () => "grep -n -A5 authorization /etc/nats-server.conf",
  },
  not_permitted: {
    couldNot: "Could not use NATS as this user",
    expected: "permission to publish org.statehub.> and $JS.API.>, and to subscribe to _INBOX.>",
    look: () => "grep -n -A5 permissions /etc/nats-server.conf",
  },
  no_jetstream: {
    couldNot: "Could not keep events in NATS",
    expected: "a server, and an account, with JetStream: nats-server -js, or jetstream {} in its configuration",
    look: nats("account info"),
  },
  stream_missing: {
    couldNot: "Could not find the stream of the events",
    expected: "a stream ACTIVITY_EVENTS; a hub with NATS_URL creates it",
    look: nats("stream ls"),
  },
  stream_unusable: {
    couldNot: "Could not use the stream ACTIVITY_EVENTS",
    expected:
      "a stream that takes org.statehub.> and acknowledges; it is not changed from here, since others may use it",
    look: nats("stream info ACTIVITY_EVENTS"),
  },
  stream_overlaps: {
    couldNot: "Could not create the stream ACTIVITY_EVENTS",
    expected: "no other stream with subjects that org.> catches as well",
    look: nats("stream ls"),
  },
  full: {
    couldNot: "Could not store events in NATS",
    expected:
      "room in the stream ACTIVITY_EVENTS and on the server's disk; the events wait in the hub's database until then",
    look: nats("stream info ACTIVITY_EVENTS"),
  },
  unavailable: {
    couldNot: "Could not publish events",
    expected: "a stream that takes them",
    look: nats("stream info ACTIVITY_EVENTS"),
  },
  database: {
    couldNot: "Could not read or mark the events that wait",
    expected: "the hub's database, where they are safe",
    look: () => "scripts/state_hub.ts status",
  },
};

/** @param address null for a trouble that is not NATS's */
export function troubleNamed(
  name: TroubleName,
  observed: string,
  address: NatsAddress | null,
  cause?: unknown,
): Trouble {
  const { couldNot, expected, look } = WORDS[name];
  const where = address === null ? {} : { where: address.printable };
  return new Trouble(name, couldNot, {
    observed: scrubText(observed),
    expected,
    ...where,
    hint: look(address ?? NOWHERE),
    cause,
  });
}

const NOWHERE: NatsAddress = { servers: [], tls: false, credentials: {}, printable: "" };

/** What an error of the client, or of an acknowledgement, comes down to. */
interface Told {
  readonly code: string;
  /** The server's own number (nats-server, server/errors.json), 0 where it gave none. */
  readonly number: number;
  readonly text: string;
}

const KINDS: readonly { readonly name: TroubleName; readonly is: (told: Told) => boolean }[] = [
  { name: "refused", is: ({ code }) => /^(AUTHORIZATION_VIOLATION|AUTHENTICATION_|ACCOUNT_)/.test(code) },
  { name: "not_permitted", is: ({ code }) => code === "PERMISSIONS_VIOLATION" },
  { name: "stream_overlaps", is: ({ number }) => number === 10065 },
  // Storage or resources exceeded or insufficient; or the store failed to write, for want of room as it says itself.
  { name: "full", is: ({ number }) => [10023, 10028, 10047].includes(number) },
  { name: "full", is: ({ number, text }) => number === 10077 && /exceeded|no space/i.test(text) },
  { name: "no_jetstream", is: ({ number }) => [10039, 10076].includes(number) },
  // 10059: not there. 10060: another stream took it.
  { name: "stream_missing", is: ({ number }) => number === 10059 },
  { name: "stream_unusable", is: ({ number }) => number === 10060 },
  // Nobody answered a request for JetStream at all.
  { name: "no_jetstream", is: ({ code, number }) => code === "503" && number === 0 },
  { name: "unavailable", is: ({ number }) => number !== 0 },
  { name: "unanswered", is: ({ code }) => code === "TIMEOUT" },
];

/** The trouble behind any error of the client's; one that is a Trouble already stays what it is. */
export function troubleOf(error: unknown, address: NatsAddress): Trouble {
  if (error instanceof Trouble) return error;
  const told = toldBy(error);
  const name = KINDS.find(({ is }) => is(told))?.name ?? "unreachable";
  return troubleNamed(name, told.text, address, error);
}

interface ClientError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly api_error?: { readonly err_code?: number; readonly description?: string };
  readonly chainedError?: { readonly message?: string };
}

function toldBy(error: unknown): Told {
  const { code, message, api_error, chainedError } = (
    typeof error === "object" && error !== null ? error : {}
  ) as ClientError;
  const text = api_error?.description ?? chainedError?.message ?? message ?? error ?? "the connection closed";
  const said = String(text);
  const plain = PLAIN[said] ?? said;
  return { code: String(code ?? ""), number: api_error?.err_code ?? 0, text: plain };
}

// Codes that stand in the place of a message.
const PLAIN: Readonly<Record<string, string>> = {
  TIMEOUT: "it accepted the request and did not answer in time",
  "503": "no JetStream answers there",
  DISCONNECT: "the connection closed",
  CONNECTION_CLOSED: "the connection closed",
};

/** "[::1]:4222" as host and port. */
export function hostAndPort(server: string): [string, string] {
  const at = server.lastIndexOf(":");
  return [server.slice(0, at).replace(/^\[|\]$/g, ""), server.slice(at + 1)];
}
