// A real nats-server for tests of events: on a port of its own that it keeps over a restart, with or without JetStream,
// asking for credentials or not, on a disk of a given size. A mock acknowledges whatever the code under test sends.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { OpsFailure } from "../../lib/failure.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { freePort } from "./free_port.ts";
import { temporaryFolder } from "./git_repo.ts";
import { systemProgram } from "./system_program.ts";

export interface NatsSettings {
  readonly jetstream?: boolean;
  /** Lines of nats-server's configuration, for instance `authorization { token: "x" }`. */
  readonly lines?: readonly string[];
  /** How much all streams together may take: `2KB`. */
  readonly maxStore?: string;
  /** Where it keeps its streams; a folder of its own unless given. */
  readonly store?: string;
}

export interface NatsServer {
  /** Without credentials: nats://127.0.0.1:PORT. */
  readonly url: string;
  readonly port: number;
  /** Starts it, or starts it again on the same port and store; resolves when it answers. */
  start(settings?: NatsSettings): Promise<void>;
  /** With SIGKILL: what it has acknowledged must be in its files. */
  stop(): Promise<void>;
  /** Ends it and deletes what it stored. */
  wipe(): Promise<void>;
  /** Stops the process without ending it: it accepts connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Its process id. */
  readonly pid: number;
}

const READY_MS = 20_000;

/** A server that does not run yet; whatever runs when the tests end is ended. */
export async function natsServer(first: NatsSettings = {}): Promise<NatsServer> {
  const program = systemProgram("nats-server");
  if (program === null)
    throw new OpsFailure("Could not find nats-server", { hint: "npm test installs it, or says how" });
  const port = await freePort("127.0.0.1");
  const folder = temporaryFolder();
  let child: Bun.Subprocess | undefined;
  const end = () => child?.kill("SIGKILL");
  const stop = async () => {
    end();
    await child?.exited;
  };
  whenTestsEnd(
    () => stop().then(folder.remove),
    () => {
      end();
      folder.remove();
    },
  );
  let settings = first;
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    stop,
    wipe: async () => {
      await stop();
      rmSync(join(folder.path, "store"), { recursive: true, force: true });
    },
    pause: () => child?.kill("SIGSTOP"),
    resume: () => child?.kill("SIGCONT"),
    start: async (next = settings) => {
      await stop();
      settings = next;
      const config = join(folder.path, "nats.conf");
      writeFileSync(config, configuration(settings, port, folder.path));
      child = Bun.spawn([program, "--config", config], {
        env: environmentForPrograms(),
        stdio: ["ignore", "ignore", "ignore"],
      });
      await ready(child, port, join(folder.path, "log"));
    },
    get pid() {
      return child?.pid ?? 0;
    },
  };
}

function configuration(settings: NatsSettings, port: number, folder: string): string {
  const { jetstream = true, lines = [], maxStore, store = join(folder, "store") } = settings;
  mkdirSync(store, { recursive: true });
  const log = join(folder, "log");
  // It appends; what an earlier start said must not be taken for this one's words.
  writeFileSync(log, "");
  const limit = maxStore === undefined ? "" : `, max_file_store: ${maxStore}`;
  const streams = jetstream ? [`jetstream { store_dir: "${store}"${limit} }`] : [];
  return [`listen: "127.0.0.1:${port}"`, `log_file: "${log}"`, ...streams, ...lines, ""].join("\n");
}

/** With JetStream it accepts connections before its streams are read; its log says when it is done. */
async function ready(child: Bun.Subprocess, port: number, log: string): Promise<void> {
  await waitUntil({ forWhat: `nats-server on port ${port} to be ready`, deadlineMs: READY_MS, intervalMs: 5 }, () => {
    const said = readFileSync(log, "utf8");
    if (child.exitCode !== null) throw new OpsFailure("Could not start nats-server", { observed: said });
    return said.includes("Server is ready") ? { found: true } : { seen: said };
  });
}
