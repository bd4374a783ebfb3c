// The hub as a process: opened, served, and stopped in the order in which nothing is lost.
import type { Outcome } from "../cli/define_script.ts";
import type { Config, ServiceConfig } from "../config.ts";
import type { LogRecord } from "./http/log_request.ts";
import { openHub } from "./open_hub.ts";
import { serve } from "./serve.ts";
import type { RegisterRepo } from "./serving_hub.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly service: ServiceConfig;
  readonly host: string;
  readonly port: number;
  /** Belongs to another capability. */
  readonly registerRepo: RegisterRepo;
  readonly io: {
    readonly signal: AbortSignal;
    progress(message: string): void;
    note(message: string): void;
    log(record: LogRecord): void;
  };
}

// A read waits for no other; more than the processors can answer would only queue in the server.
const READERS = 8;
const WRITERS = 6;
/** A client gives up sooner than a script does. */
const ANSWER_WITHIN_MS = 20_000;

/** Serves until the signal is aborted. @throws OpsFailure as openHub and serve */
export async function runService({ config, service, host, port, registerRepo, io }: ServiceOptions): Promise<Outcome> {
  const opened = { applicationName: "state_hub serve", readers: READERS, writers: WRITERS };
  const database = await openHub(config, { ...opened, answerWithinMs: ANSWER_WITHIN_MS, io });
  try {
    const runs = { stop: async () => {} };
    const { token, allowedHosts } = service;
    const server = serve({ hub: { database, runs, registerRepo }, host, port, token, allowedHosts, log: io.log });
    io.log({ level: "info", event: "listening", url: server.url });
    io.note(`State Hub answers at ${server.url}; its routes: ${server.url}/docs`);
    await aborted(io.signal);
    io.log({ level: "info", event: "stopping" });
    await server.stop();
    return { exitCode: 0, document: { url: server.url, stopped: true }, render: () => "Stopped" };
  } finally {
    await database.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
