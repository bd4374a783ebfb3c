// What goes wrong with a machine's tunnel, and what the page's reader does by hand between two of its commands: he stops a program,
// writes into a list, hears a fingerprint. Where it leads is for the page to say.
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { type ServedHub, servedHub } from "./served_hub.ts";
import type { TunnelAccount } from "./tunnel_account.ts";
import { listOf, sayFingerprint } from "./tunnel_account_typed.ts";

type Act = (world: TunnelAccount) => Promise<unknown> | unknown;

export interface Break {
  readonly what: string;
  readonly make: Act;
  /** What the check says, and the words of its cause. */
  readonly says: string;
  readonly cause: RegExp;
  /** The section that the layer's row leads to. */
  readonly section: string;
  /** Before a command of that section. */
  readonly meanwhile?: Readonly<Record<string, Act>>;
  /** After the last of them; also when the test has failed. */
  readonly inTheEnd?: Act;
}

export const UNIT = "state-hub-tunnel@hub.service";
const HUB = "state-hub.service";
let intruder: Server | undefined;
let other: ServedHub | undefined;

const emptyKeys: Act = ({ there }) => writeFileSync(there.AUTHORIZED_KEYS ?? "", "");

export const BREAKS: readonly Break[] = [
  {
    what: "its unit is stopped",
    make: ({ machine }) => machine.systemctl("stop", UNIT),
    says: "down at forward",
    cause: /does not run \(inactive, dead\)/,
    section: "the-unit-does-not-run",
  },
  {
    what: "another program has its port",
    make: async ({ machine, here }) => {
      await machine.systemctl("stop", UNIT);
      intruder = createServer((socket) => socket.destroy());
      await new Promise<void>((done) => intruder?.listen(Number(here.LISTEN_PORT), "127.0.0.1", done));
      await machine.systemctl("start", UNIT);
    },
    says: "down at forward",
    cause: /does not run \(activating, /,
    section: "the-port-is-taken",
    inTheEnd: () => intruder?.close(),
  },
  {
    what: "its key is taken out on the far side",
    make: emptyKeys,
    says: "degraded at auth",
    cause: /would not come back after a restart: it let none of our keys in/,
    section: "the-key-is-not-let-in",
  },
  {
    what: "its key is taken out, and the line drops",
    make: async (world) => {
      await emptyKeys(world);
      await world.machine.systemctl("restart", UNIT);
    },
    says: "down at auth",
    cause: /it let none of our keys in/,
    section: "the-key-is-not-let-in",
  },
  {
    what: "the hub is stopped",
    make: ({ hubHost }) => hubHost.systemctl("stop", HUB),
    says: "down at health",
    cause: /^nothing answers at 127\.0\.0\.1:\d+ on the far side/,
    section: "the-tunnel-is-up-and-nothing-answers",
  },
  {
    what: "another hub answers",
    make: async ({ hubHost, hubPort }) => {
      await hubHost.systemctl("stop", HUB);
      other = await servedHub({ port: hubPort });
      // Databases of tests are copies of one.
      await other.database.sql`update hub_instance set instance_id = gen_random_uuid()`;
    },
    says: "down at identity",
    cause: /^another hub: instance_id /,
    section: "another-hub-answers",
    meanwhile: { "hub-restart": () => other?.close() },
  },
  {
    what: "its host shows another key",
    make: (world) => world.newHostKey(),
    says: "degraded at host_key",
    cause: /it shows the key ssh-ed25519 .*: nothing was sent to it/,
    section: "the-host-shows-another-key",
    meanwhile: {
      "compare-host-key": sayFingerprint,
      "repin-render": (world) => world.writeList(listOf(world)),
    },
  },
];
