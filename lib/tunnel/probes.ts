// The probes, from the ground up: the first that fails names the layer that is broken.
import type { Probe } from "./probe.ts";
import { auth } from "./probes/auth.ts";
import { config } from "./probes/config.ts";
import { forward } from "./probes/forward.ts";
import { health } from "./probes/health.ts";
import { hold } from "./probes/hold.ts";
import { hostKey } from "./probes/host_key.ts";
import { identity } from "./probes/identity.ts";
import { lastByte } from "./probes/last_byte.ts";
import { resolve } from "./probes/resolve.ts";
import { tcp } from "./probes/tcp.ts";

export const PROBES: readonly Probe[] = [
  config,
  resolve,
  tcp,
  hostKey,
  auth,
  forward,
  health,
  identity,
  lastByte,
  hold,
];
