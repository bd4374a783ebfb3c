// The world in which the runbook of backups is rehearsed: a hub that serves from a server of its own, a second server that is new,
// another host that keeps backups, a repository with its remote, and readers who let runbook.ts run go through the page.
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { openDatabase } from "../../lib/db/connect.ts";
import { migrate } from "../../lib/db/migrate.ts";
import type { DisposableServer } from "../../lib/postgres/disposable/start_disposable.ts";
import { run } from "../../lib/process/run.ts";
import { Secret } from "../../lib/secret.ts";
import type { BenchHub } from "../bench/bench_hub.ts";
import { FilledHubs, type Filling } from "../bench/filled_hub.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import {
  DATABASE,
  letIn,
  makePlaces,
  PASSWORD,
  ROLE,
  typeSecrets,
  variables,
  writePasswords,
} from "./backup_runbook_reader.ts";
import { asked, disposable, folderForServers, removeFolderForServers } from "./disposable_server.ts";
import { freePort } from "./free_port.ts";
import { makeRepo, workplanText } from "./git_repo.ts";
import { RUN_MS, type RunbookReader, runbookReader } from "./runbook_reader.ts";
import { servedProcess } from "./served_process.ts";
import { startSshd } from "./sshd.ts";

const ROOT = join(import.meta.dir, "../..");

export interface BackupRunbookWorld {
  /** The live hub's database, as the hub itself uses it: by the role that owns it, which is no superuser. */
  readonly url: string;
  /** The database on the new server, once it is made: with an administrator's password. */
  readonly restored: Secret;
  /** STATE_HUB_HOME. */
  readonly home: string;
  /** At the machine of the hub, with what the page asks for. */
  readonly reader: RunbookReader;
  /** The same on a machine that has only the store and a key, and knows of no database. */
  readonly readerElsewhere: RunbookReader;
  /** The hub's process ends with its server, and nothing of either is left. */
  loseLive(): Promise<void>;
  /** What the store's administrator does with the key that he is given. */
  letIn(): void;
  /** What the reader types where nobody may read along: the role's password, and the URLs that hold it. */
  typeSecrets(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * @param filling rows of a hub that has run for years
 * @param deadlineMs how long a reader waits for a run
 */
export async function makeBackupRunbookWorld(filling: Filling, deadlineMs = RUN_MS): Promise<BackupRunbookWorld> {
  const folder = folderForServers();
  const stops: (() => unknown)[] = [() => removeFolderForServers(folder)];
  const remove = async () => {
    for (const stop of stops.splice(0)) await stop();
  };
  whenTestsEnd(remove, () => {});
  try {
    const [live, fresh, sshd, hubPort] = await Promise.all([
      disposable(folder, { folder: join(folder, "live") }),
      disposable(folder, { folder: join(folder, "fresh") }),
      startSshd(),
      freePort("127.0.0.1"),
    ]);
    stops.unshift(
      () => sshd.stop(),
      () => endListener(hubPort),
      live.stop,
      fresh.stop,
    );
    const url = await makeHub(live, filling);
    // As initdb leaves a server that is not ours.
    await asked(fresh.maintenance, (query) => query("create database postgres"));
    const places = makePlaces(folder, url);
    await register(folder, url, places.home);
    writePasswords(join(folder, "pgpass"), [live, fresh]);
    const serving = { DATABASE_URL: url, STATE_HUB_HOME: join(folder, "hub") };
    const served = await servedProcess({ env: serving, port: hubPort });
    stops.unshift(() => served.end());
    const env = variables({ folder, fresh, sshd, hubPort, ...places });
    const { DATABASE_URL_FILE: _, ...knowsNone } = env;
    return {
      ...{ url, restored: fresh.urlOf(DATABASE), home: places.home, remove },
      reader: runbookReader({ env, deadlineMs }),
      readerElsewhere: runbookReader({ env: { ...knowsNone, STATE_HUB_HOME: places.elsewhere }, deadlineMs }),
      loseLive: async () => {
        await served.end();
        await live.stop();
      },
      letIn: () => letIn(sshd, join(places.settings, "backup-ssh-key")),
      typeSecrets: () => typeSecrets(fresh, places),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The hub that the reader has started: it outlives his shell. */
function endListener(port: number): void {
  const { stdout } = Bun.spawnSync(["ss", "-ltnpH", `sport = :${port}`]);
  const pid = /pid=(\d+)/.exec(stdout.toString())?.[1];
  if (pid !== undefined) process.kill(Number(pid), "SIGKILL");
}

/** Its role owns the database and may do nothing else, as on a server that others use too. */
async function makeHub(live: DisposableServer, filling: Filling): Promise<string> {
  await asked(live.maintenance, async (query) => {
    await query(`create role ${ROLE} login password '${PASSWORD}'`);
    await query(`create database ${DATABASE} owner ${ROLE} template template0`);
  });
  const url = `postgres://${ROLE}:${PASSWORD}@127.0.0.1:${live.port}/${DATABASE}`;
  const hub = await openDatabase({ url: new Secret(url), applicationName: "a hub", access: "read-write" });
  await migrate(hub);
  await hub.close();
  // It asks for a new database and nothing else; it ends with a checkpoint, to which the role has no right.
  await new FilledHubs({ fresh: async () => live.urlOf(DATABASE).reveal() } as unknown as BenchHub).of(filling);
  return url;
}

async function register(folder: string, url: string, home: string): Promise<void> {
  const files = {
    "workplans/GARDEN-WP-0001-plan.md": workplanText({ id: "GARDEN-WP-0001", tasks: [{ id: "GARDEN-WP-0001-T01" }] }),
  };
  const repo = await makeRepo(folder, "garden", files);
  await repo.git("clone", "--quiet", "--bare", ".", join(folder, "garden.git"));
  await repo.git("remote", "add", "origin", join(folder, "garden.git"));
  await repo.git("fetch", "--quiet", "origin");
  await repo.git("branch", "--quiet", "--set-upstream-to=origin/main");
  const env = { ...environmentForPrograms(), DATABASE_URL: url, STATE_HUB_HOME: home };
  const added = await run(["scripts/state_hub.ts", "repo", "add", repo.path], { cwd: ROOT, env, deadlineMs: 60_000 });
  if (added.exitCode !== 0) throw new Error(`${added.stdout}${added.stderr}`);
}
