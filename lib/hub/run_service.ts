// The hub as a process: opened, served, and stopped in the order in which nothing is lost.
import type { Outcome } from "../cli/define_script.ts";
import { versionOf } from "../cli/help.ts";
import type { Config, ServiceConfig } from "../config.ts";
import { startRelay } from "../events/relay.ts";
import { openHub } from "./open_hub.ts";
import { openRunHost, type RunHost } from "./runs/run_host.ts";
import type { RunWork } from "./runs/run_work.ts";
import { serve } from "./serve.ts";
import { aborted, type ServiceIo } from "./service_io.ts";
import type { RegisterRepo } from "./serving_hub.ts";
import { startUpkeep } from "./upkeep.ts";
import { within } from "./within.ts";

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

/** Serves until the signal is aborted. @throws OpsFailure as openHub and serve */
export async function runService({
  config,
  service,
  host,
  port,
  registerRepo,
  work,
  io,
}: ServiceOptions): Promise<Outcome> {
  const opened = { applicationName: "state_hub serve", readers: READERS, writers: WRITERS };
  const database = await openHub(config, { ...opened, answerWithinMs: ANSWER_WITHIN_MS, io });
  // Of its own: rows stay locked, and connections busy, while NATS takes its time.
  const forRelay = await openHub(config, { applicationName: "state_hub relay", io });
  const relay = startRelay({ database: forRelay, natsUrl: service.natsUrl, log: (line) => io.log({ ...line }) });
  let runs: RunHost | undefined;
  try {
    runs = await openRunHost({ database, work, host: config.host, log: io.log });
    const { token, allowedHosts } = service;
    const [hub, version] = [{ database, runs, registerRepo }, await versionOf()];
    const server = serve({ hub, host, port, token, allowedHosts, log: io.log, relay: relay.state, version });
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
    await runs?.stop(0);
    await relay.stop();
    await within(Promise.all([database.close(), forRelay.close()]), CLOSE_WITHIN_MS, undefined);
  }
}
