// The way through one tunnel as far as it is known: each probe adds its part, the next one stands on it. It outlives a round,
// so that a watch asks over the connection that it has; whatever is broken is closed and made anew.
import { Agent } from "node:http";
import type { Socket } from "node:net";
import type { SshConnection } from "../ssh/connect.ts";
import type { ForwardListener } from "../ssh/forward_listener.ts";
import type { Endpoint } from "../ssh/forward_out.ts";
import type { Turn } from "../ssh/handshake_turn.ts";
import type { Stages } from "../ssh/open_in_stages.ts";
import type { SshHost } from "../ssh/resolve_host.ts";
import type { Answer } from "./ask_health.ts";
import type { Tunnel } from "./tunnel.ts";

export interface PathTerms {
  /** `environmentForPrograms()`. */
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  readonly slowMs: number;
  /** How long a request has to stay open; null: not asked. */
  readonly holdSeconds: number | null;
  /** How old the last byte of a connection may be. */
  readonly quietMs: number;
}

/** What the paths of one round have in common. */
export interface Round {
  /** performance.now() at which it is over. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** What OpenSSH said of a host: many tunnels go by the same one. */
  readonly hosts: Map<string, Promise<SshHost>>;
}

export class Path {
  readonly tunnel: Tunnel;
  readonly terms: PathTerms;
  round: Round = { deadline: 0, signal: new AbortController().signal, hosts: new Map() };
  host: SshHost | null = null;
  addresses: readonly string[] = [];
  /** Until the ssh host has let us in, or has not. */
  turn: Turn | null = null;
  socket: Socket | null = null;
  stages: Stages | null = null;
  connection: SshConnection | null = null;
  listener: ForwardListener | null = null;
  /** Where requests go in. */
  entry: Endpoint | null = null;
  answer: Answer | null = null;
  /** Keeps the connection of the last request for the next one. */
  agent = new Agent({ keepAlive: true });
  /** performance.now() of the last byte that came through. */
  lastByteAt: number | null = null;

  constructor(tunnel: Tunnel, terms: PathTerms) {
    this.tunnel = tunnel;
    this.terms = terms;
  }

  get signal(): AbortSignal {
    return this.round.signal;
  }

  /** A unit's listener on this machine: requests go through it, and need no connection of ours. */
  get ownPath(): boolean {
    return this.tunnel.unit !== null && this.tunnel.direction === "local";
  }

  /** A connection of ours stands, and nothing has to be opened. */
  get isWarm(): boolean {
    return this.connection !== null && !this.connection.lost.aborted && (this.listener !== null || this.ownPath);
  }

  /** At most so long, and not beyond the round's end. */
  within(ms: number): number {
    return Math.max(0, Math.min(ms, this.round.deadline - performance.now()));
  }

  heard = (): void => {
    this.lastByteAt = performance.now();
  };

  close(): void {
    this.agent.destroy();
    this.agent = new Agent({ keepAlive: true });
    this.turn?.end(false);
    this.listener?.close();
    this.connection?.close();
    this.socket?.destroy();
    this.stages?.ready.then(
      (connection) => connection.close(),
      () => {},
    );
    this.turn = this.listener = this.connection = this.socket = this.stages = null;
    this.entry = this.answer = this.host = null;
  }
}
