// A run that a hub does, from what was typed to what it came to.
import type { Secret } from "../../secret.ts";
import { isReadable } from "../proxy/upstream.ts";
import { askedVia, type ViaFlags } from "./asked_via.ts";
import { hubAddress } from "./hub_address.ts";
import { runVia } from "./run_via.ts";

export interface ViaTerms {
  /** The hub's URL, as it was typed. */
  readonly via: string;
  readonly token: Secret | null;
  /** What the run is to be called; any name unless given. */
  readonly runId?: string | undefined;
  readonly usual: { readonly seconds: number; readonly atOnce: number };
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  readonly note: (message: string) => void;
}

/** @returns the run's `{ document, rendering }` @throws OpsFailure as askedVia, hubAddress and runVia */
export async function runViaHub(flags: ViaFlags, { via, runId, usual, note, ...door }: ViaTerms): Promise<unknown> {
  const order = askedVia(flags, usual);
  const url = hubAddress(via);
  if (door.token !== null && isReadable(url))
    note("The token travels over plain http: whoever is on the way can read it");
  return runVia(runId === undefined ? order : { ...order, runId }, { ...door, url });
}
