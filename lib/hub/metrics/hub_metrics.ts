// The hub's metrics: what this process counts, and what the database counts. Somebody who only looks must never be a load:
// one reading of the database is shared by all who ask meanwhile, and one that hangs is not waited for.
import type { Database } from "../../db/connect.ts";
import type { RelayState } from "../../events/relay_state.ts";
import { ownMetrics } from "../../metrics/own_metrics.ts";
import { addProcessMetrics } from "../../metrics/process_metrics.ts";
import { within } from "../../within.ts";
import type { Served } from "../http/answer.ts";
import { type DatabaseCounts, readCounts } from "./database_counts.ts";
import { databaseText } from "./database_text.ts";
import { OF_THIS_PROCESS, REQUEST_BOUNDS } from "./measured.ts";

export interface HubMetrics {
  /** Counts one request. */
  served(request: Pick<Served, "method" | "route" | "status" | "durationMs">): void;
  /** In Prometheus' text format; never throws, and takes a few seconds at most. */
  text(): Promise<string>;
  stop(): void;
}

export interface Measured {
  readonly database: Pick<Database, "sql" | "use">;
  /** How the relay of events stands; null where none runs. */
  readonly relay: () => Pick<RelayState, "state" | "published" | "refused"> | null;
  readonly version: string;
}

/** Less than the 10 s that a scraper waits unless told otherwise. */
const DATABASE_WITHIN_MS = 4_000;
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]);

export function hubMetrics({ database, relay, version }: Measured): HubMetrics {
  const own = ownMetrics();
  const stop = addProcessMetrics(own);
  const observe = own.histogram(OF_THIS_PROCESS.requests, REQUEST_BOUNDS);
  own.readWhenAsked(OF_THIS_PROCESS.build, () => [{ labels: { version }, value: 1 }]);
  addPools(own, database);
  addRelay(own, relay);
  const counts = sharedReading(() => readCounts(database.sql));
  return {
    served: ({ method, route, status, durationMs }) =>
      observe(
        {
          method: METHODS.has(method) ? method : "other",
          // A path that nobody offers is whatever a client likes: one label for all of them.
          route: route ?? "none",
          status: `${Math.trunc(status / 100)}xx`,
        },
        durationMs / 1000,
      ),
    text: async () => {
      const ofDatabase = databaseText(await counts());
      return (await own.text()) + ofDatabase;
    },
    stop,
  };
}

function addPools(own: ReturnType<typeof ownMetrics>, database: Measured["database"]): void {
  const each = (part: "size" | "busy" | "waiting") => () =>
    Object.entries(database.use).map(([pool, use]) => ({ labels: { pool }, value: use[part] }));
  own.readWhenAsked(OF_THIS_PROCESS.poolSize, each("size"));
  own.readWhenAsked(OF_THIS_PROCESS.poolBusy, each("busy"));
  own.readWhenAsked(OF_THIS_PROCESS.poolWaiting, each("waiting"));
}

function addRelay(own: ReturnType<typeof ownMetrics>, relay: Measured["relay"]): void {
  const from = (value: "published" | "refused") => () => {
    const state = relay();
    return state === null ? [] : [{ labels: {}, value: state[value] }];
  };
  own.readWhenAsked(OF_THIS_PROCESS.relayState, () => [{ labels: { state: relay()?.state ?? "none" }, value: 1 }]);
  own.readWhenAsked(OF_THIS_PROCESS.relayPublished, from("published"));
  own.readWhenAsked(OF_THIS_PROCESS.relayRefused, from("refused"));
}

/** @returns null when the database does not answer, or not in time */
function sharedReading(read: () => Promise<DatabaseCounts>): () => Promise<DatabaseCounts | null> {
  let underWay: Promise<DatabaseCounts | null> | undefined;
  return () => {
    underWay ??= Promise.try(read)
      .catch(() => null)
      .finally(() => {
        underWay = undefined;
      });
    return within(underWay, DATABASE_WITHIN_MS, null);
  };
}
