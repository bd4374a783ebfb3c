#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Looks after the State Hub itself: serves it over HTTP, keeps its schema, repositories, waivers, held plans and events, and
// says why a row is as it is.
import { command, defineScript, type Io, type Outcome } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { type Config, environmentForPrograms, readConfig, readServiceConfig } from "../lib/config.ts";
import type { Database } from "../lib/db/connect.ts";

interface Opening {
  readonly access: "read-only" | "read-write";
  readonly schema?: "require" | "leave";
}

/** Opens the hub, does one thing, and closes it whatever happened. */
async function withHub(io: Io, opening: Opening, work: (database: Database) => Promise<Outcome>): Promise<Outcome> {
  const { openHub } = await import("../lib/hub/open_hub.ts");
  const { databaseFailure } = await import("../lib/db/database_failure.ts");
  const database = await openHub(readConfig(), { applicationName: "state_hub", io, ...opening });
  try {
    return await work(database);
  } catch (error) {
    throw databaseFailure("Could not do it in the State Hub", error);
  } finally {
    await database.close();
  }
}

/** Sweeps and syncs as the script does them; each opens the hub for itself. */
async function runsOnRequest(config: Config, io: Io) {
  const { openHub } = await import("../lib/hub/open_hub.ts");
  const { remoteRuns } = await import("../lib/consistency/commands/remote_runs.ts");
  const { sweepRecorder } = await import("../lib/activity/activity_run.ts");
  return remoteRuns(config, {
    connect: () => openHub(config, { applicationName: "state_hub run", io, whenStopped: "finish" }),
    activity: sweepRecorder,
  });
}

const READ = { access: "read-only" } as const;
const WRITE = { access: "read-write" } as const;

// Loaded by the command that needs them: --help needs none.
const hubCommands = () => import("../lib/hub/hub_commands.ts");
const repoCommands = () => import("../lib/consistency/commands/repos.ts");
const heldCommands = () => import("../lib/consistency/commands/held.ts");
const waiverCommands = () => import("../lib/consistency/commands/waivers.ts");
const hookCommands = () => import("../lib/hub/git_hook/hook_commands.ts");
/** What a hook command needs to know of a path: the registry is another capability's. */
async function hookRequest(paths: readonly string[], dryRun: boolean) {
  const { checkoutOfPath } = await import("../lib/consistency/repo_registry.ts");
  return { paths, host: readConfig().host, dryRun, checkoutOf: checkoutOfPath };
}

export const script = defineScript({
  name: "state_hub.ts",
  promise:
    "Looks after the State Hub: serves it, its schema, repositories, waivers, held plans, and why a row is as it is.",
  reads: [
    "the State Hub that DATABASE_URL names",
    "for explain: the workplan's file at the local tip",
    "for serve: STATE_HUB_TOKEN, STATE_HUB_ALLOWED_HOSTS and NATS_URL; for events tail: NATS_URL alone",
  ],
  writes: [
    "rows of the State Hub: migrate, repo, waiver, held apply, events replay, and what serve is asked for",
    "post-commit hooks of repositories: hook install, hook remove",
    "nothing: status, explain, events tail and every list",
  ],
  examples: [
    { command: "scripts/state_hub.ts status", says: "what the hub holds, the last runs, what waits" },
    { command: "scripts/state_hub.ts explain OPS-WP-0001-T01", says: "file, hub and agreed value side by side" },
    { command: "scripts/state_hub.ts repo add ../other-repo", says: "register a repository" },
  ],
  commands: [
    command({
      name: "status",
      promise: "Shows what the hub holds, the last runs, what is open and what waits.",
      run: (_, io) => withHub(io, READ, async (hub) => (await hubCommands()).showStatus(hub, readConfig())),
    }),
    command({
      name: "migrate",
      promise: "Brings the hub's schema to this toolkit's version; refuses a newer one.",
      flags: {
        status: { kind: "boolean", describe: "Only show which versions are applied" },
        "dry-run": { kind: "boolean", describe: "Apply what is pending and roll it back" },
      },
      run: ({ status: onlyShow, "dry-run": dryRun }, io) =>
        withHub(io, { access: onlyShow ? "read-only" : "read-write", schema: "leave" }, async (hub) =>
          (await hubCommands()).migrateHub(hub, { onlyShow, dryRun }),
        ),
    }),
    command({
      name: "repo add",
      promise: "Registers git repositories, or further checkouts of known ones.",
      positional: { name: "path", describe: "A folder inside the repository", required: true, many: true },
      flags: {
        slug: {
          kind: "string",
          describe: "Its name in the hub (default: the last part of its remote's URL or of its path)",
        },
        domain: { kind: "string", describe: "The domain that it belongs to" },
        "remote-url": {
          kind: "string",
          describe: "Where a sweep of the remote fetches it (default: its remote.origin.url)",
        },
        "accept-history": {
          kind: "boolean",
          describe: "Its history was rewritten on purpose: go on from the branch as it is here",
        },
        "dry-run": { kind: "boolean", describe: "Say what would be registered" },
      },
      run: (args, io) =>
        withHub(io, WRITE, async (hub) =>
          (await repoCommands()).repoAdd(hub, {
            paths: args.path,
            host: readConfig().host,
            slug: args.slug,
            domain: args.domain,
            remoteUrl: args["remote-url"],
            acceptHistory: args["accept-history"],
            dryRun: args["dry-run"],
          }),
        ),
    }),
    command({
      name: "repo list",
      promise: "Lists the registered repositories.",
      run: (_, io) => withHub(io, READ, async (hub) => (await repoCommands()).repoList(hub)),
    }),
    command({
      name: "repo remove",
      promise: "Takes a repository out of every run; its rows stay.",
      positional: { name: "slug", describe: "Its name in the hub", required: true },
      flags: { "dry-run": { kind: "boolean", describe: "Say what would be removed" } },
      run: (args, io) =>
        withHub(io, WRITE, async (hub) => (await repoCommands()).repoRemove(hub, args.slug, args["dry-run"])),
    }),
    command({
      name: "explain",
      promise: "Says why a row is as it is: file, hub, agreed value, rule, and what lost.",
      positional: { name: "id", describe: "A workplan id, a task id or a hub id", required: true },
      run: (args, io) =>
        withHub(io, READ, async (hub) => (await repoCommands()).explainRow(hub, args.id, readConfig().host)),
    }),
    command({
      name: "held list",
      promise: "Lists removals that a guard refused and that wait for a person.",
      run: (_, io) => withHub(io, READ, async (hub) => (await heldCommands()).heldList(hub)),
    }),
    command({
      name: "held show",
      promise: "Shows one held plan, row by row, and its digest.",
      positional: { name: "plan", describe: "The plan's id, or its repository's slug", required: true },
      run: (args, io) => withHub(io, READ, async (hub) => (await heldCommands()).heldShow(hub, args.plan)),
    }),
    command({
      name: "held apply",
      promise: "Marks what a held plan names as orphaned; deletes nothing.",
      positional: { name: "plan", describe: "The plan's id, or its repository's slug", required: true },
      flags: {
        digest: {
          kind: "string",
          required: true,
          describe: "The digest that held show printed: proof of what you read",
        },
        "dry-run": { kind: "boolean", describe: "Say how many rows would be marked" },
      },
      run: ({ plan: idOrSlug, digest, "dry-run": dryRun }, io) =>
        withHub(io, WRITE, async (hub) => (await heldCommands()).heldApply(hub, { idOrSlug, digest, dryRun })),
    }),
    command({
      name: "waiver add",
      promise: "Covers findings of one check that somebody decides to live with, until a date.",
      positional: { name: "check", describe: "C-01 ... C-23", required: true },
      flags: {
        owner: { kind: "string", required: true, describe: "Whose decision it is" },
        reason: { kind: "string", required: true, describe: "Why" },
        days: { kind: "integer", min: 1, max: 365, default: 30, describe: "For how long" },
        repo: { kind: "string", describe: "Only in this repository" },
        path: { kind: "string", describe: "Only in this file" },
        subject: { kind: "string", describe: "Only about this workplan or task" },
        "dry-run": { kind: "boolean", describe: "Say how many findings would be covered" },
      },
      run: ({ check, owner, reason, days, repo = null, path = null, subject = null, "dry-run": dryRun }, io) =>
        withHub(io, WRITE, async (hub) =>
          (await waiverCommands()).waiverAdd(hub, { check, owner, reason, days, repo, path, subject }, dryRun),
        ),
    }),
    command({
      name: "waiver list",
      promise: "Lists waivers: active, expired and removed.",
      run: (_, io) => withHub(io, READ, async (hub) => (await waiverCommands()).waiverList(hub)),
    }),
    command({
      name: "waiver remove",
      promise: "Ends a waiver: what it covered counts again.",
      positional: { name: "waiver", describe: "Its id", required: true },
      flags: { "dry-run": { kind: "boolean", describe: "Check that it could be removed" } },
      run: (args, io) =>
        withHub(io, WRITE, async (hub) => (await waiverCommands()).waiverRemove(hub, args.waiver, args["dry-run"])),
    }),
    command({
      name: "hook install",
      promise: "Lets each commit ask the hub to read its repository, in the background.",
      positional: { name: "path", describe: "A folder inside a registered repository", required: true, many: true },
      flags: { "dry-run": { kind: "boolean", describe: "Say what would be written" } },
      run: ({ path, "dry-run": dryRun }, io) =>
        withHub(io, READ, async (hub) => (await hookCommands()).hookInstall(hub, await hookRequest(path, dryRun))),
    }),
    command({
      name: "hook remove",
      promise: "Takes those lines out of the hook again, and nothing else.",
      positional: { name: "path", describe: "A folder inside a repository", required: true, many: true },
      flags: { "dry-run": { kind: "boolean", describe: "Say what would be taken out" } },
      run: ({ path, "dry-run": dryRun }, io) =>
        withHub(io, READ, async (hub) => (await hookCommands()).hookRemove(hub, await hookRequest(path, dryRun))),
    }),
    command({
      name: "hook status",
      promise: "Shows whether the hook stands in repositories, and what stands in its way.",
      positional: { name: "path", describe: "A folder inside a repository", required: true, many: true },
      run: ({ path }, io) =>
        withHub(io, READ, async (hub) => (await hookCommands()).hookStatus(hub, await hookRequest(path, false))),
    }),
    command({
      name: "serve",
      promise: "Answers over HTTP: state, plans, progress, sweeps on request, metrics; publishes lifecycle events.",
      flags: {
        host: {
          kind: "string",
          default: "127.0.0.1",
          describe: "The address to listen on; any but loopback asks for STATE_HUB_TOKEN",
        },
        port: { kind: "integer", min: 0, max: 65_535, default: 8000, describe: "The port; 0 takes a free one" },
        proxy: {
          kind: "string",
          describe: "Serve no database: forward all to the hub at this URL, with STATE_HUB_TOKEN; on loopback only",
        },
      },
      run: async ({ host, port, proxy }, io) => {
        if (proxy !== undefined) {
          const { runProxy } = await import("../lib/hub/proxy/run_proxy.ts");
          return runProxy({ url: proxy, service: readServiceConfig(), host, port, io });
        }
        const { runService } = await import("../lib/hub/run_service.ts");
        const { registerAsked } = await import("../lib/consistency/commands/register_asked.ts");
        const config = readConfig();
        const registerRepo = registerAsked(config.host);
        const work = await runsOnRequest(config, io);
        return runService({ config, service: readServiceConfig(), host, port, registerRepo, work, io });
      },
    }),
    command({
      name: "events tail",
      promise: "Shows lifecycle events as they are published, one a line.",
      positional: { name: "subject", describe: "Which ones, with the wildcards of NATS (default: org.statehub.>)" },
      flags: {
        last: { kind: "integer", min: 0, max: 100_000, describe: "Also the last so many that are in the stream" },
        since: { kind: "string", placeholder: "TIME", describe: "Also what came since then, ISO 8601" },
        count: { kind: "integer", min: 1, max: 1_000_000, describe: "End after so many" },
        "max-seconds": { kind: "integer", min: 1, max: 86_400, describe: "End after so long, also when none came" },
      },
      examples: [
        {
          command: "scripts/state_hub.ts events tail --last 10",
          says: "the last ten, and what comes; NATS_URL says where",
        },
        {
          command: "scripts/state_hub.ts events tail 'org.statehub.repo.*' --count 1 --max-seconds 60",
          says: "the next one",
        },
      ],
      run: async ({ "max-seconds": maxSeconds, ...args }, io) =>
        (await import("../lib/hub/events_commands.ts")).eventsTail(readServiceConfig(), { ...args, maxSeconds }, io),
    }),
    command({
      name: "events replay",
      promise: "Puts events back that were kept while NATS_URL was not set, for a hub that has it to send.",
      flags: {
        since: { kind: "string", placeholder: "TIME", describe: "Only of changes since then, ISO 8601" },
        all: {
          kind: "boolean",
          describe: "Published ones too: for a stream that was lost; what it still has is not sent twice",
        },
        "dry-run": { kind: "boolean", describe: "Say how many would be put back" },
      },
      run: ({ since = null, all, "dry-run": dryRun }, io) =>
        withHub(io, WRITE, async (hub) =>
          (await import("../lib/hub/events_commands.ts")).eventsReplay(hub, { since, all, dryRun }),
        ),
    }),
    command({
      name: "stop",
      promise:
        "Stops the embedded State Hub's PostgreSQL on this machine, also below a hub that serves it; its data stays.",
      run: async (_, io) => {
        const { stopEmbedded } = await import("../lib/postgres/stop_embedded.ts");
        const { stopped, pid } = await stopEmbedded({
          home: readConfig().stateHubHome,
          env: environmentForPrograms(),
          signal: io.signal,
        });
        return {
          exitCode: 0,
          document: { stopped, pid },
          render: () =>
            stopped ? `Stopped the embedded State Hub (pid ${pid})` : "The embedded State Hub was not running",
        };
      },
    }),
  ],
});

if (import.meta.main) await main(script);
