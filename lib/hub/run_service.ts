// The hub as a process: opened, served, and stopped in the order in which nothing is lost.
import type { Outcome } from "../cli/define_script.ts";
import { versionOf } from "../cli/help.ts";
import type { Config, ServiceConfig } from "../config.ts";
import type { Database } from "../db/connect.ts";
import { natsAddress } from "../events/nats_address.ts";
import { type Relay, startRelay } from "../events/relay.ts";
import { within } from "../within.ts";
import { type OpenHubOptions, openHub } from "./open_hub.ts";
import { openRunHost } from "./runs/run_host.ts";
import type { RunWork } from "./runs/run_work.ts";
import { serve } from "./serve.ts";
import { aborted, type ServiceIo } from "./service_io.ts";
import type { RegisterRepo } from "./serving_hub.ts";
import { startUpkeep } from "./upkeep.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly service: ServiceConfig;
  readonly host: string;
  readonly port: number;
  /** Belongs to another capability. */
  readonly registerRepo: RegisterRepo;
  /** So does what a sweep or a sync does. */
  readonly work: RunWork;
  readonly io: ServiceIo;
}

// A read waits for no other; more than the processors can answer would only queue in the server.
const READERS = 8;
const WRITERS = 6;
/** A client gives up sooner than a script does. */
const ANSWER_WITHIN_MS = 20_000;
/** What has not ended by then hangs in the database: the end of the process ends it, and nothing of it is committed. */
const CLOSE_WITHIN_MS = 2_000;

/** Serves until the signal is aborted. @throws OpsFailure as openHub and serve; (usage) for a NATS_URL that is none */
export async function runService(options: ServiceOptions): Promise<Outcome> {
  const { config, service, io } = options;
  // Before anything is opened: it would have to be closed again for a mistake in the environment.
  if (service.natsUrl !== null) natsAddress(service.natsUrl);
  const opened: Database[] = [];
  const open = async (how: Omit<OpenHubOptions, "io">) => {
    const database = await openHub(config, { ...how, io, whenStopped: "finish" });
    opened.push(database);
    return database;
  };
  try {
    const pools = { readers: READERS, writers: WRITERS, answerWithinMs: ANSWER_WITHIN_MS };
    const database = await open({ applicationName: "state_hub serve", ...pools });
    // Of its own: rows stay locked, and connections busy, while NATS takes its time.
    const forRelay = await open({ applicationName: "state_hub relay" });
    return await serveOn(database, forRelay, options);
  } finally {
    await within(Promise.all(opened.map((each) => each.close())), CLOSE_WITHIN_MS, undefined);
  }
}

async function serveOn(
  database: Database,
  forRelay: Database,
  { config, service, host, port, registerRepo, work, io }: ServiceOptions,
): Promise<Outcome> {
  const runs = await openRunHost({ database, work, host: config.host, log: io.log });
  let relay: Relay | undefined;
  try {
    const { token, allowedHosts, natsUrl } = service;
    const [hub, version] = [{ database, runs, registerRepo }, await versionOf()];
    const stateOfRelay = () => relay?.state() ?? null;
    const server = serve({ hub, host, port, token, allowedHosts, log: io.log, relay: stateOfRelay, version });
    // Not before: without NATS_URL it keeps events back for good, and a hub that cannot serve must not do that either.
    relay = startRelay({ database: forRelay, natsUrl, log: (line) => io.log({ ...line }) });
    const upkeep = startUpkeep(database, io.log);
    io.log({ level: "info", event: "listening", url: server.url });
    io.note(`State Hub answers at ${server.url}; its routes: ${server.url}/docs`);
    await aborted(io.signal);
    io.log({ level: "info", event: "stopping" });
    upkeep.stop();
    await server.stop();
    return { exitCode: 0, document: { url: server.url, stopped: true }, render: () => "Stopped" };
  } finally {
    // Also where it never came to serve, its port taken say: the lock's connection would hold the process for seconds.
    await runs.stop(0);
    await relay?.stop();
  }
}
