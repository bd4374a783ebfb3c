// The fleet on which the sweep's runbook is rehearsed: one repository for each thing that its reader may meet, and a shell
// like the reader's. What the runbook says one should see is what these look like.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { type CheckReport, runCheck } from "./check_process.ts";
import { type Files, makeRepo, openRepo, type TestRepo, temporaryFolder, workplanText } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { type Sshd, startSshd } from "./sshd.ts";

const ROOT = join(import.meta.dir, "../..");
/** Longer than any block takes on a busy machine. */
export const BLOCK_MS = 60_000;
const SCHEDULED = ["--remote", "--all", "--source", "local-timer"];

export interface RunbookFleet {
  /** One block, as a runner would run it: `bash -euo pipefail` in the toolkit's folder, stdin closed. */
  paste(block: string): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
  remove(): Promise<void>;
}

/**
 * `garden` is well. `kitchen`: its checkout has an edit under way, its remote a new plan. In both the hub moved a task. `cellar`: its remote refuses pushes, for two hours now. `attic`: its remote has gone. `library`: most of its plans
 * are deleted, and held.
 */
export async function makeRunbookFleet(): Promise<RunbookFleet> {
  const folder = temporaryFolder();
  const [hub, sshd] = await Promise.all([freshHub(), startSshd()]);
  // What the reader would end when a sweep hangs.
  const holder = Bun.spawn(["sleep", "600"], { stdio: ["ignore", "ignore", "ignore"] });
  const remove = async () => {
    holder.kill("SIGKILL");
    await Promise.all([hub.close(), sshd.stop()]);
    folder.remove();
  };
  try {
    const home = join(folder.path, "home");
    const env = {
      ...environmentForPrograms(),
      STATE_HUB_HOME: home,
      DATABASE_URL: hub.url,
      HOME: folder.path,
      NO_COLOR: "1",
    };
    keepSshConfig(home, sshd);
    await breakFleet(folder.path, hub, (args) => sweep(args, env));
    const variables = { ...(await variablesFor(folder.path, hub, sshd)), HOLDER: String(holder.pid) };
    const paste = (block: string) =>
      run(["bash", "-euo", "pipefail", "-c", block], {
        cwd: ROOT,
        env: { ...env, ...variables },
        deadlineMs: BLOCK_MS,
      });
    return { paste, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function keepSshConfig(home: string, { sshConfig }: Sshd): void {
  mkdirSync(join(home, "ssh"), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "ssh/config"), sshConfig);
}

/** What the reader sets before the first command, and what a command shows for the next one. */
async function variablesFor(path: string, { database }: TestHub, sshd: Sshd): Promise<Record<string, string>> {
  const [held] = await database.sql<{ digest: string }[]>`select digest from held_plans`;
  return {
    REPO: "garden",
    CHECKOUT: join(path, "garden"),
    ID: "GARDEN-WP-0001-T01",
    URL: sshd.urlOf(join(path, "garden.git")),
    PLAN: join(path, "plan.json"),
    HELD: "library",
    DIGEST: held?.digest ?? "none is held",
  };
}

async function sweep(args: readonly string[], env: Record<string, string>): Promise<CheckReport> {
  const ran = await runCheck(["--json", ...args], env);
  const report = ran.report();
  if (report.automation_error !== null) throw new Error(`a sweep of the scratch fleet failed: ${ran.out}`);
  return report;
}

/** Three sweeps: one while all is well, one that meets what has happened since, one that holds what is gone still. */
async function breakFleet(
  path: string,
  hub: TestHub,
  check: (args: readonly string[]) => Promise<CheckReport>,
): Promise<void> {
  const counts = { attic: 1, cellar: 1, garden: 1, kitchen: 1, library: 6 };
  const repos = new Map<string, TestRepo>();
  for (const [name, count] of Object.entries(counts)) {
    repos.set(name, await makeWithRemote(path, name, count));
    await check(["--repo", join(path, name)]);
  }
  await check(SCHEDULED);
  const { sql } = hub.database;
  renameSync(join(path, "attic.git"), join(path, "attic-elsewhere.git"));
  refusePushes(join(path, "cellar.git"));
  await sql`update tasks set status = 'in_progress' where task_id = 'CELLAR-WP-0001-T01'`;
  await pushFromElsewhere(path, "kitchen", plans("KITCHEN", 2, 2));
  repos.get("kitchen")?.edit({ "README.md": "An edit under way.\n" });
  await pushFromElsewhere(path, "library", gone("LIBRARY", 5));
  await check(SCHEDULED);
  await sql`update workstreams set missing_since = missing_since - interval '11 min' where missing_since is not null`;
  await sql`update writeback_intents set created_at = created_at - interval '2 hours' where done_at is null`;
  await check(SCHEDULED);
  await sql`update tasks set status = 'in_progress' where task_id in ('GARDEN-WP-0001-T01', 'KITCHEN-WP-0001-T01')`;
}

async function makeWithRemote(path: string, name: string, count: number): Promise<TestRepo> {
  const repo = await makeRepo(path, name, { "README.md": `# ${name}\n`, ...plans(name.toUpperCase(), 1, count) });
  const remote = join(path, `${name}.git`);
  await repo.git("clone", "--quiet", "--bare", ".", remote);
  await repo.git("remote", "add", "origin", remote);
  await repo.git("fetch", "--quiet", "origin");
  await repo.git("branch", "--quiet", "--set-upstream-to=origin/main");
  return repo;
}

/** From another clone, as a colleague does: the fleet's own checkout does not have it yet. */
async function pushFromElsewhere(path: string, name: string, files: Files): Promise<void> {
  const at = join(path, "elsewhere");
  mkdirSync(at, { recursive: true });
  await openRepo(at).git("clone", "--quiet", join(path, `${name}.git`), name);
  const clone = openRepo(join(at, name));
  await clone.commit(files);
  await clone.git("push", "--quiet", "origin", "HEAD");
}

function refusePushes(remote: string): void {
  const says = 'echo "main is protected: open a pull request" >&2';
  writeFileSync(join(remote, "hooks/pre-receive"), `#!/bin/sh\n${says}\nexit 1\n`, { mode: 0o755 });
}

function plans(prefix: string, from: number, to: number): Files {
  return Object.fromEntries(numbers(from, to).map((n) => [pathOf(prefix, n), planOf(idOf(prefix, n))]));
}

function planOf(id: string): string {
  return workplanText({ id, tasks: [{ id: `${id}-T01` }, { id: `${id}-T02` }] });
}

function gone(prefix: string, count: number): Files {
  return Object.fromEntries(numbers(1, count).map((n) => [pathOf(prefix, n), null]));
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const idOf = (prefix: string, number: number) => `${prefix}-WP-${String(number).padStart(4, "0")}`;
const pathOf = (prefix: string, number: number) => `workplans/${idOf(prefix, number)}-plan.md`;
