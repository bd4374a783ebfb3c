// What tunnels.yaml says of a tunnel. Every value of the file comes as the text that stands there, so a port is read here
// and nowhere else; a key that nobody knows is refused, since it is a misspelled one.
import { z } from "zod";

// A unit's name, a file's name and a word of the command line: what each of them takes.
const NAME = /^[a-z0-9][a-z0-9_.-]{0,62}$/i;
// OpenSSH and its config take more; whatever ends up in an ssh_config or an authorized_keys line has no blank and no quote.
const HOST = /^(?:[\w][\w.-]*|[0-9a-f:.]+|\*)$/i;

const port = z
  .string()
  .regex(/^\d{1,5}$/, "wants a port number")
  .transform(Number)
  .refine((value) => value <= 65_535, "wants a port of 0 to 65535");
const realPort = port.refine((value) => value > 0, "wants a port of 1 to 65535");
const host = z.string().regex(HOST, "wants a host's name or address");
const UNIT = /^unit:([\w.@:\\-]+?)(?:\.service)?$/;

const TUNNEL = z.strictObject({
  name: z.string().regex(NAME, "wants letters, digits, dots, dashes and underscores"),
  runs_as: z
    .string()
    .refine((value) => value === "self" || UNIT.test(value), "wants self, or unit:NAME")
    .default("self"),
  ssh: z.strictObject({
    host,
    port: realPort.optional(),
    user: z
      .string()
      .regex(/^\w[\w.+-]*$/, "wants an account's name")
      .optional(),
    identity_file: z.string().min(1).optional(),
    host_key: z.string().min(1).nullish(),
  }),
  direction: z.enum(["local", "remote"]).default("local"),
  listen: z.strictObject({ host: host.default("127.0.0.1"), port }),
  target: z.strictObject({ host, port: realPort }),
  health: z
    .strictObject({
      path: z
        .string()
        .regex(/^\/[\x21-\x7e]*$/, "wants a path such as /state/health")
        .default("/state/health"),
      instance_id: z.string().min(1).nullish(),
      system_identifier: z.string().min(1).nullish(),
    })
    .prefault({}),
});

export const TUNNELS = z.strictObject({ tunnels: z.array(TUNNEL).min(1, "wants one tunnel at least") });

type Written = z.output<typeof TUNNEL>;

export interface Tunnel extends Omit<Written, "runs_as"> {
  /** Path of the list that it stands in. */
  readonly list: string;
  /** "state-hub-tunnel@hub.service"; null: a check opens its own forward. */
  readonly unit: string | null;
  /** Why what it says cannot work although each value is well-formed; the check of this tunnel refuses. */
  readonly problems: readonly string[];
}

export function unitOf(runsAs: string): string | null {
  const name = UNIT.exec(runsAs)?.[1];
  return name === undefined ? null : `${name}.service`;
}

/** Where its own machine finds what listens on this address. */
export function reachedAt(listenHost: string): string {
  return listenHost === "*" || listenHost === "0.0.0.0" ? "127.0.0.1" : listenHost;
}

export type WrittenTunnel = Written;
