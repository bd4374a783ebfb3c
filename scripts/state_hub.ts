#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Looks after the State Hub itself: its schema, its repositories, its waivers and held plans, and why a row is as it is.
import { command, defineScript, type Io, type Outcome } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { environmentForPrograms, readConfig } from "../lib/config.ts";
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

const READ = { access: "read-only" } as const;
const WRITE = { access: "read-write" } as const;

export const script = defineScript({
  name: "state_hub.ts",
  promise: "Looks after the State Hub: schema, repositories, waivers, held plans, and why a row is as it is.",
  reads: ["the State Hub that DATABASE_URL names", "for explain: the workplan's file at the local tip"],
  writes: ["rows of the State Hub: migrate, repo, waiver, held apply", "nothing: status, explain and every list"],
  examples: [
    { command: "scripts/state_hub.ts status", says: "what the hub holds, the last runs, what waits" },
    { command: "scripts/state_hub.ts explain OPS-WP-0001-T01", says: "file, hub and agreed value side by side" },
    { command: "scripts/state_hub.ts repo add ../other-repo", says: "register a repository" },
  ],
  commands: [
    command({
      name: "status",
      promise: "Shows what the hub holds, the last runs, what is open and what waits.",
      run: (_, io) =>
        withHub(io, READ, async (database) => {
          const { hubStatus } = await import("../lib/hub/hub_status.ts");
          const { renderStatus } = await import("../lib/hub/hub_view.ts");
          const { embeddedStatus } = await import("../lib/postgres/embedded_status.ts");
          const config = readConfig();
          const embedded = config.database.kind === "embedded" ? embeddedStatus({ home: config.stateHubHome }) : null;
          const status = await hubStatus(database);
          return {
            exitCode: 0,
            document: { ...status, embedded },
            render: (view) => renderStatus(status, embedded, view),
            next: "scripts/consistency_check.ts --all --dry-run",
          };
        }),
    }),
    command({
      name: "migrate",
      promise: "Brings the hub's schema to this toolkit's version; refuses a newer one.",
      flags: {
        status: { kind: "boolean", describe: "Only show which versions are applied" },
        "dry-run": { kind: "boolean", describe: "Apply what is pending and roll it back" },
      },
      run: (args, io) =>
        withHub(io, { access: args.status ? "read-only" : "read-write", schema: "leave" }, async (database) => {
          const { migrate, migrationStatus } = await import("../lib/db/migrate.ts");
          const { renderMigrations } = await import("../lib/hub/hub_view.ts");
          const dryRun = args["dry-run"];
          const { applied, status } = args.status
            ? { applied: [], status: await migrationStatus(database.sql) }
            : await migrate(database, { dryRun });
          const said = args.status
            ? ""
            : applied.length === 0
              ? "\nNothing was pending."
              : `\n${dryRun ? "Would apply" : "Applied"} ${applied.length}.`;
          const pending = status.some(({ state }) => state === "pending") || (dryRun && applied.length > 0);
          return {
            exitCode: 0,
            document: { dry_run: dryRun, applied, migrations: status },
            render: (view) => `${renderMigrations(status, view)}${said}`,
            next: pending ? "scripts/state_hub.ts migrate" : "scripts/state_hub.ts status",
          };
        }),
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
        "dry-run": { kind: "boolean", describe: "Say what would be registered" },
      },
      run: (args, io) =>
        withHub(io, WRITE, async (database) => {
          const { addRepo } = await import("../lib/consistency/repo_registry.ts");
          const { renderAdded } = await import("../lib/consistency/registry_view.ts");
          const request = {
            host: readConfig().host,
            slug: args.slug ?? null,
            domain: args.domain ?? null,
            remoteUrl: args["remote-url"] ?? null,
          };
          const added = await database.transaction(
            async (tx) => {
              const repos = [];
              for (const path of args.path) repos.push(await addRepo(tx, { ...request, path }));
              return repos;
            },
            { rollBack: args["dry-run"] },
          );
          const render = () => `${args["dry-run"] ? "Dry run: nothing was written.\n" : ""}${renderAdded(added)}`;
          return {
            exitCode: 0,
            document: { dry_run: args["dry-run"], repos: added },
            render,
            next: `scripts/consistency_check.ts --repo ${added[0]?.slug ?? "SLUG"} --dry-run`,
          };
        }),
    }),
    command({
      name: "repo list",
      promise: "Lists the registered repositories.",
      run: (_, io) =>
        withHub(io, READ, async ({ sql }) => {
          const { listRepos } = await import("../lib/consistency/repo_registry.ts");
          const { renderRepoList } = await import("../lib/consistency/registry_view.ts");
          const repos = await listRepos(sql);
          return {
            exitCode: 0,
            document: { repos },
            render: (view) => renderRepoList(repos, view),
            next:
              repos.length === 0
                ? "scripts/state_hub.ts repo add PATH"
                : "scripts/consistency_check.ts --all --dry-run",
          };
        }),
    }),
    command({
      name: "repo remove",
      promise: "Takes a repository out of every run; its rows stay.",
      positional: { name: "slug", describe: "Its name in the hub", required: true },
      flags: { "dry-run": { kind: "boolean", describe: "Say what would be removed" } },
      run: (args, io) =>
        withHub(io, WRITE, async (database) => {
          const { removeRepo } = await import("../lib/consistency/repo_registry.ts");
          await database.transaction((tx) => removeRepo(tx, args.slug), { rollBack: args["dry-run"] });
          const said = `${args.slug}: ${args["dry-run"] ? "would be taken" : "taken"} out of every run; its rows stay, and repo add brings it back`;
          return {
            exitCode: 0,
            document: { dry_run: args["dry-run"], removed: args.slug },
            render: () => said,
            next: "scripts/state_hub.ts repo list",
          };
        }),
    }),
    command({
      name: "explain",
      promise: "Says why a row is as it is: file, hub, agreed value, rule, and what lost.",
      positional: { name: "id", describe: "A workplan id, a task id or a hub id", required: true },
      run: (args, io) =>
        withHub(io, READ, async ({ sql }) => {
          const { explain } = await import("../lib/consistency/explain.ts");
          const { renderExplanations } = await import("../lib/consistency/explain_view.ts");
          const explanations = await explain(sql, args.id, readConfig().host);
          return {
            exitCode: 0,
            document: { explanations },
            render: (view) => renderExplanations(explanations, view),
            next: `scripts/consistency_check.ts --repo ${explanations[0]?.repo ?? "SLUG"} --dry-run`,
          };
        }),
    }),
    command({
      name: "held list",
      promise: "Lists removals that a guard refused and that wait for a person.",
      run: (_, io) =>
        withHub(io, READ, async ({ sql }) => {
          const { listHeldPlans } = await import("../lib/consistency/held_plans.ts");
          const { renderHeldList } = await import("../lib/consistency/registry_view.ts");
          const plans = await listHeldPlans(sql);
          return {
            exitCode: 0,
            document: { plans },
            render: (view) => renderHeldList(plans, view),
            next: plans[0] ? `scripts/state_hub.ts held show ${plans[0].id}` : "scripts/state_hub.ts status",
          };
        }),
    }),
    command({
      name: "held show",
      promise: "Shows one held plan, row by row, and its digest.",
      positional: { name: "plan", describe: "The plan's id, or its repository's slug", required: true },
      run: (args, io) =>
        withHub(io, READ, async ({ sql }) => {
          const { showHeldPlan } = await import("../lib/consistency/held_plans.ts");
          const { renderHeldPlan } = await import("../lib/consistency/registry_view.ts");
          const plan = await showHeldPlan(sql, args.plan);
          return {
            exitCode: 0,
            document: { plan },
            render: (view) => renderHeldPlan(plan, view),
            next: `scripts/state_hub.ts held apply ${plan.id} --digest ${plan.digest} --dry-run`,
          };
        }),
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
      run: (args, io) =>
        withHub(io, WRITE, async (database) => {
          const { applyHeldPlan } = await import("../lib/consistency/held_plans.ts");
          const done = await database.transaction((tx) => applyHeldPlan(tx, args.plan, args.digest), {
            rollBack: args["dry-run"],
          });
          const said = `${args["dry-run"] ? "Would mark" : "Marked"} ${done.workstreams} workstreams and ${done.tasks} tasks of ${done.plan.repo} as orphaned`;
          const document = {
            dry_run: args["dry-run"],
            plan: done.plan.id,
            workstreams: done.workstreams,
            tasks: done.tasks,
          };
          return { exitCode: 0, document, render: () => said, next: "scripts/state_hub.ts held list" };
        }),
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
      run: (args, io) =>
        withHub(io, WRITE, async (database) => {
          const { addWaiver } = await import("../lib/consistency/waivers.ts");
          const { renderWaivers } = await import("../lib/consistency/registry_view.ts");
          const { check, owner, reason, days, repo = null, path = null, subject = null } = args;
          const waiver = await database.transaction(
            (tx) => addWaiver(tx, { check, owner, reason, days, repo, path, subject }),
            { rollBack: args["dry-run"] },
          );
          return {
            exitCode: 0,
            document: { dry_run: args["dry-run"], waiver },
            render: (view) =>
              `${args["dry-run"] ? "Dry run: nothing was written.\n" : ""}${renderWaivers([waiver], view)}`,
            next: "scripts/state_hub.ts waiver list",
          };
        }),
    }),
    command({
      name: "waiver list",
      promise: "Lists waivers: active, expired and removed.",
      run: (_, io) =>
        withHub(io, READ, async ({ sql }) => {
          const { listWaivers } = await import("../lib/consistency/waivers.ts");
          const { renderWaivers } = await import("../lib/consistency/registry_view.ts");
          const waivers = await listWaivers(sql);
          return {
            exitCode: 0,
            document: { waivers },
            render: (view) => renderWaivers(waivers, view),
            next: "scripts/state_hub.ts status",
          };
        }),
    }),
    command({
      name: "waiver remove",
      promise: "Ends a waiver: what it covered counts again.",
      positional: { name: "waiver", describe: "Its id", required: true },
      flags: { "dry-run": { kind: "boolean", describe: "Check that it could be removed" } },
      run: (args, io) =>
        withHub(io, WRITE, async (database) => {
          const { removeWaiver } = await import("../lib/consistency/waivers.ts");
          await database.transaction((tx) => removeWaiver(tx, args.waiver), { rollBack: args["dry-run"] });
          return {
            exitCode: 0,
            document: { dry_run: args["dry-run"], removed: args.waiver },
            render: () => `${args["dry-run"] ? "Would remove" : "Removed"} waiver ${args.waiver}`,
            next: "scripts/state_hub.ts waiver list",
          };
        }),
    }),
    command({
      name: "stop",
      promise: "Stops the embedded State Hub's server on this machine; its data stays.",
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
