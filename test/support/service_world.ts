// The world in which the runbooks of the service are rehearsed: a database, a nats-server, two repositories with remotes,
// and a shell like the reader's. No hub runs in it until a block of a runbook starts one.
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { compareOutput } from "../../lib/runbook/expected_output.ts";
import { type Block, isCommand, readRunbook } from "../../lib/runbook/read_runbook.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { freePort } from "./free_port.ts";
import { makeRepo, type TestRepo, temporaryFolder, workplanText } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { type NatsServer, natsServer } from "./nats_server.ts";
import { listenerOn, type Ports } from "./port_listener.ts";

const ROOT = join(import.meta.dir, "../..");
const service = readRunbook(join(ROOT, "runbooks/state_hub.md"));
/** Longer than any block takes on a busy machine. */
export const BLOCK_MS = 60_000;
const UP_MS = 20_000;

type Variables = Readonly<Record<string, string>>;

export interface ServiceWorld {
  readonly hub: TestHub;
  readonly nats: NatsServer;
  /** What the reader has exported before the first command. */
  readonly env: Variables;
  /** Where the hub answers that blocks start. */
  readonly at: string;
  /** The log of that hub. */
  readonly log: string;
  /** Path of a checkout: `garden` and `kitchen` are there. */
  checkout(name: string): string;
  /** One command by hand, between two runs: `bash -euo pipefail` in the toolkit's folder, stdin closed. */
  paste(command: string, more?: Variables): Promise<RunResult>;
  /**
   * The block of that name of the hub's runbook; it must succeed. What its page names in its output, the next one knows.
   * @returns what it printed
   */
  pasteNamed(name: string, more?: Variables): Promise<string>;
  /** Waits until every event is published. */
  eventsLeft(): Promise<void>;
  /** Waits until the hub, the one for others or the proxy answers; a reader's command would look once a second. */
  up(which?: keyof Ports): Promise<void>;
  /** SIGKILL for whoever listens on these ports, and their end. */
  end(...which: readonly (keyof Ports)[]): Promise<void>;
  remove(): Promise<void>;
}

export async function makeServiceWorld(): Promise<ServiceWorld> {
  const folder = temporaryFolder();
  whenTestsEnd(folder.remove);
  const [hub, nats, ports] = await Promise.all([freshHub(), natsServer(), freePorts()]);
  await Promise.all([nats.start(), makeWithRemote(folder.path, "garden"), makeWithRemote(folder.path, "kitchen")]);
  whenTestsEnd(...endersOf(ports));
  const at = (which: keyof Ports) => `http://127.0.0.1:${ports[which]}`;
  const log = join(folder.path, "hub.log");
  const given = { DATABASE_URL: hub.url, NATS_URL: nats.url, STATE_HUB_URL: at("PORT"), UPSTREAM: at("OTHERS_PORT") };
  const env = { ...variablesIn(folder.path), ...given, HUB_LOG: log, ...ports };
  const paste = shellWith(env);
  const end: ServiceWorld["end"] = async (...which) => {
    for (const each of which) await listenerOn(ports[each])?.end();
  };
  return {
    hub,
    nats,
    env,
    at: at("PORT"),
    log,
    checkout: (name) => join(folder.path, name),
    paste,
    pasteNamed: pasteWith(paste),
    eventsLeft: () => nothingWaits(hub),
    up: (which = "PORT") => answering(at(which)),
    end,
    remove: async () => {
      await end("PORT", "OTHERS_PORT", "PROXY_PORT");
      await Promise.all([hub.close(), nats.stop()]);
      folder.remove();
    },
  };
}

/** What the reader says once, before the first command. */
function variablesIn(path: string): Variables {
  return {
    HOME: path,
    STATE_HUB_HOME: join(path, "home"),
    NO_COLOR: "1",
    TOKEN_FILE: join(path, "token"),
    CHECKOUT: join(path, "garden"),
    REPO: "garden",
    WORKPLAN: "GARDEN-WP-0001",
    REQUEST_ID: "look-for-me",
    SINCE: new Date().toISOString(),
  };
}

function shellWith(env: Variables): ServiceWorld["paste"] {
  return (command, more = {}) =>
    run(["bash", "-euo", "pipefail", "-c", command], {
      cwd: ROOT,
      env: { ...environmentForPrograms(), ...env, ...more },
      deadlineMs: BLOCK_MS,
    });
}

/** Whoever types commands by hand copies from his screen what the last one of each showed. */
function pasteWith(paste: ServiceWorld["paste"]): ServiceWorld["pasteNamed"] {
  let seen: Variables = {};
  return async (name, more = {}) => {
    const block = blockNamed(name);
    const printed = printedBy(name, await paste(block.text, { ...seen, ...more }));
    const shown = service.blocks.find((each) => each.name === `${name}-output`);
    seen = { ...seen, ...compareOutput(shown?.text ?? "…", printed, {}).values };
    return printed;
  };
}

function blockNamed(name: string): Block {
  const block = service.blocks.find((each) => each.name === name && isCommand(each));
  if (block === undefined) throw new Error(`there is no command named ${name} in ${service.file}`);
  return block;
}

function printedBy(name: string, { exitCode, stdout, stderr }: RunResult): string {
  if (exitCode !== 0) throw new Error(`${name}: exit ${exitCode}: ${stderr}`);
  return stdout;
}

/** Hubs of blocks are nobody's children: a run that is ended by hand must find them, too. */
function endersOf(ports: Ports): [stop: () => void, atOnce: () => void] {
  const end = () => {
    for (const port of Object.values(ports)) listenerOn(port)?.kill("SIGKILL");
  };
  return [end, end];
}

async function nothingWaits({ database }: TestHub): Promise<void> {
  await waitUntil({ forWhat: "events to be published", deadlineMs: UP_MS }, async () => {
    const [row] = await database.sql`
      select count(*)::int as n from outbox where published_at is null and suppressed_at is null`;
    return row?.n === 0 ? { found: true } : { seen: `${row?.n} wait` };
  });
}

async function answering(at: string): Promise<void> {
  await waitUntil({ forWhat: "the hub to answer", deadlineMs: UP_MS }, async () => {
    const answer = await fetch(`${at}/state/health`).catch(String);
    return typeof answer !== "string" && answer.ok ? { found: true } : { seen: String(answer) };
  });
}

async function freePorts(): Promise<Ports> {
  const [PORT, OTHERS_PORT, PROXY_PORT] = await Promise.all([1, 2, 3].map(() => freePort("127.0.0.1")));
  return { PORT: String(PORT), OTHERS_PORT: String(OTHERS_PORT), PROXY_PORT: String(PROXY_PORT) };
}

async function makeWithRemote(path: string, name: string): Promise<TestRepo> {
  const id = `${name.toUpperCase()}-WP-0001`;
  const plan = workplanText({ id, tasks: [{ id: `${id}-T01` }, { id: `${id}-T02` }] });
  const repo = await makeRepo(path, name, { "README.md": `# ${name}\n`, [`workplans/${id}-plan.md`]: plan });
  const remote = join(path, `${name}.git`);
  await repo.git("clone", "--quiet", "--bare", ".", remote);
  await repo.git("remote", "add", "origin", remote);
  await repo.git("fetch", "--quiet", "origin");
  await repo.git("branch", "--quiet", "--set-upstream-to=origin/main");
  return repo;
}
