// The fleet on which the sweep's runbook is rehearsed: one repository for each thing that its reader may meet. What the
// runbook says one should see is what these look like.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Running, runCheck, startCheck } from "./check_process.ts";
import { type Files, makeRepo, openRepo, type TestRepo, temporaryFolder, workplanText } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { startScript } from "./script_process.ts";
import { type Sshd, startSshd } from "./sshd.ts";

/** Longer than the fleet takes on a busy machine. */
export const FLEET_MS = 60_000;
const SCHEDULED = ["--remote", "--all", "--source", "local-timer"];
const STATE_HUB = join(import.meta.dir, "../../scripts/state_hub.ts");

export interface RunbookFleet {
  /** What the reader has exported before the first command. */
  readonly env: Readonly<Record<string, string>>;
  /** The remote of `garden` is reached by ssh from now on. A sweep waits for it in vain, and holds the fleet's lock. */
  hangSweep(): Promise<void>;
  /** Once it was ended. @returns its exit code */
  endedSweep(): Promise<number>;
  /** The remote of `garden` has gone for a moment, and was asked: it is left alone now. */
  loseRemote(): Promise<void>;
  /** A commit in the checkout of `garden` was applied and never pushed, and its remote has moved on. */
  diverge(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * `garden` is well. `kitchen`: its checkout has an edit under way, its remote a new plan. In both the
 * hub moved a task. `cellar`: its remote refuses pushes, for two hours now. `attic`: its remote has gone. `library`: most of its
 * plans are deleted, and held.
 */
export async function makeRunbookFleet(): Promise<RunbookFleet> {
  const folder = temporaryFolder();
  const [hub, sshd] = await Promise.all([freshHub(), startSshd()]);
  let hanging: Running | undefined;
  const remove = async () => {
    hanging?.kill("SIGKILL");
    await Promise.all([hub.close(), sshd.stop()]);
    folder.remove();
  };
  try {
    const { path } = folder;
    const env = { STATE_HUB_HOME: join(path, "home"), DATABASE_URL: hub.url, HOME: path, NO_COLOR: "1" };
    const scene = { path, hub, sshd, env };
    await breakFleet(scene);
    return {
      env: { ...env, ...variablesFor(path) },
      hangSweep: async () => {
        hanging = await hangSweep(scene);
      },
      endedSweep: async () => {
        sshd.fault(null);
        return (await hanging?.ended)?.code ?? 0;
      },
      loseRemote: () => loseRemote(scene),
      diverge: () => diverge(scene),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function hangSweep(scene: Scene): Promise<Running> {
  const { path, sshd, env } = scene;
  const garden = openRepo(join(path, "garden"));
  const url = sshd.urlOf(join(path, "garden.git"));
  await garden.git("remote", "set-url", "origin", url);
  await register([garden.path, "--remote-url", url], scene);
  sshd.fault("silent");
  const sweep = startCheck(["--remote", "--all"], env);
  await sweep.said("Asking the remotes");
  return sweep;
}

async function loseRemote(scene: Scene): Promise<void> {
  const remote = join(scene.path, "garden.git");
  renameSync(remote, `${remote}-elsewhere`);
  await finds(/does not appear to be a git repository/, ["--remote", "--repo", "garden"], scene);
  renameSync(`${remote}-elsewhere`, remote);
}

async function diverge(scene: Scene): Promise<void> {
  const { path } = scene;
  await openRepo(join(path, "garden")).commit(plans("GARDEN", 2, 2));
  await finds(/"created": 3/, ["--repo", join(path, "garden")], scene);
  await pushFromElsewhere(path, "garden", { "README.md": "# garden, moved on\n" });
  await finds(/have diverged/, ["--remote", "--repo", "garden"], scene);
}

async function finds(what: RegExp, args: readonly string[], { env }: Scene): Promise<void> {
  const { out } = await runCheck(["--json", ...args], env);
  if (!what.test(out)) throw new Error(`a run of the scratch fleet did not find ${what}: ${out}`);
}

function keepSshConfig({ env, sshd }: Scene): void {
  const folder = join(env.STATE_HUB_HOME, "ssh");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "config"), sshd.sshConfig);
}

/** What the page tells its reader to set. */
function variablesFor(path: string): Record<string, string> {
  return {
    REPO: "garden",
    CHECKOUT: join(path, "garden"),
    ID: "GARDEN-WP-0001-T01",
    PLAN: join(path, "garden-plan.json"),
  };
}

interface Scene {
  readonly path: string;
  readonly hub: TestHub;
  readonly sshd: Sshd;
  readonly env: Record<string, string> & { readonly STATE_HUB_HOME: string };
}

async function sweep({ env }: Scene): Promise<void> {
  const ran = await runCheck(["--json", ...SCHEDULED], env);
  if (ran.report().automation_error !== null) throw new Error(`a sweep of the scratch fleet failed: ${ran.out}`);
}

/** Three sweeps: one while all is well, one that meets what has happened since, one that holds what is gone still. */
async function breakFleet(scene: Scene): Promise<void> {
  const { path } = scene;
  const { sql } = scene.hub.database;
  keepSshConfig(scene);
  const counts = { attic: 1, cellar: 1, garden: 1, kitchen: 1, library: 6 };
  const repos = await Promise.all(Object.entries(counts).map(([name, count]) => makeWithRemote(scene, name, count)));
  await register(
    repos.map((repo) => repo.path),
    scene,
  );
  await sweep(scene);
  renameSync(join(path, "attic.git"), join(path, "attic-elsewhere.git"));
  refusePushes(join(path, "cellar.git"));
  await sql`update tasks set status = 'in_progress' where task_id = 'CELLAR-WP-0001-T01'`;
  await pushFromElsewhere(path, "kitchen", plans("KITCHEN", 2, 2));
  writeFileSync(join(path, "kitchen/README.md"), "An edit under way.\n");
  await pushFromElsewhere(path, "library", gone("LIBRARY", 5));
  await sweep(scene);
  await sql`update workstreams set missing_since = missing_since - interval '11 min' where missing_since is not null`;
  await sql`update writeback_intents set created_at = created_at - interval '2 hours' where done_at is null`;
  await sweep(scene);
  await sql`update tasks set status = 'in_progress' where task_id in ('GARDEN-WP-0001-T01', 'KITCHEN-WP-0001-T01')`;
}

async function makeWithRemote({ path }: Scene, name: string, count: number): Promise<TestRepo> {
  const repo = await makeRepo(path, name, { "README.md": `# ${name}\n`, ...plans(name.toUpperCase(), 1, count) });
  const remote = join(path, `${name}.git`);
  await repo.git("clone", "--quiet", "--bare", ".", remote);
  await repo.git("remote", "add", "origin", remote);
  await repo.git("fetch", "--quiet", "origin");
  await repo.git("branch", "--quiet", "--set-upstream-to=origin/main");
  return repo;
}

async function register(args: readonly string[], { env }: Scene): Promise<void> {
  const argv = [STATE_HUB, "repo", "add", ...args];
  const { code, out, err } = await startScript(argv, { env, watchdogMs: FLEET_MS }).ended;
  if (code !== 0) throw new Error(`the scratch fleet was not registered: ${out}${err}`);
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
