// A machine that shall reach the hub, and the host that the hub lives on: an ordinary account with a systemd of its own, and
// beyond a real sshd another one with state-hub.service. Both have a terminal; what is carried from one to the other is a value.
import { appendFileSync, chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { serverUser } from "../../lib/postgres/server_user.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { type AccountManager, startAccountManager } from "./backup_units_account.ts";
import { freePort } from "./free_port.ts";
import { temporaryFolder, workplanText } from "./git_repo.ts";
import { freshHub, type TestHub } from "./hub.ts";
import { listenerOn } from "./port_listener.ts";
import { makeRemote } from "./remotes.ts";
import { type RunbookReader, runbookReader } from "./runbook_reader.ts";
import { type Sshd, startSshd } from "./sshd.ts";
import { twoTerminals } from "./tunnel_account_terminals.ts";
import { DROP_INS, dropInOfHub } from "./tunnel_account_units.ts";
import { accountEnvironment, dropInPath, startUserManager, type UserManager } from "./user_manager.ts";

const ROOT = join(import.meta.dir, "../..");
const SLUG = "garden";
/** What both terminals need to know; a later block may need another value than an earlier one. */
type Said = Record<string, string>;

export interface TunnelAccount {
  readonly machine: AccountManager;
  readonly hubHost: UserManager;
  readonly hub: TestHub;
  readonly sshd: Sshd;
  /** The hub's port on its host. */
  readonly hubPort: number;
  /** What is exported on the machine, and on the hub's host: to be changed as their reader would. */
  readonly here: Said;
  readonly there: Said;
  /** Blocks whose name begins with hub- are typed on the hub's host, all others on the machine. */
  readonly reader: RunbookReader;
  /** A script, as the account on the machine types it. */
  script(...argv: string[]): Promise<RunResult>;
  /** ~/.config/state-hub/tunnels.yaml, as its owner edits it. */
  writeList(text: string): void;
  /** sshd_config on the hub's host, and `systemctl reload ssh`. */
  setSshd(lines: string): Promise<void>;
  /** As after a new installation of the host. */
  newHostKey(): Promise<void>;
  remove(): Promise<void>;
}

export async function makeTunnelAccount(): Promise<TunnelAccount> {
  const started = await Promise.all([freshHub(), startSshd(), startAccountManager(), startUserManager()]);
  const [hub, sshd, machine, hubHost] = started;
  const folder = temporaryFolder();
  const remove = async () => {
    await Promise.all([machine.stop(), hubHost.stop()]);
    await sshd.stop();
    await hub.close();
    folder.remove();
  };
  try {
    const [hubPort, listenPort] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
    const [etc, user] = [dirname(sshd.userKey), serverUser(null)];
    await startHub(hubHost, hub.url, hubPort);
    await installDropIns(machine);
    const here = saidHere({ sshd, listenPort, home: machine.home, remote: await remoteIn(folder.path) });
    const there = saidThere({ etc, sshd, hubPort, home: hubHost.home });
    letNobodyIn(etc);
    const terminal = runbookReader({ env: here, through: user.command([]) });
    return {
      ...{ machine, hubHost, hub, sshd, hubPort, here, there, remove },
      reader: twoTerminals(terminal, runbookReader({ env: there })),
      script: (...argv) => run(user.command(argv), { env: here, cwd: ROOT, deadlineMs: 60_000 }),
      writeList: (text) => writeList(machine, text),
      setSshd: (lines) => {
        appendFileSync(join(etc, "sshd_config"), `${lines}\n`);
        return reload(sshd);
      },
      newHostKey: () => {
        for (const name of ["host_key", "host_key.pub"]) copyFileSync(join(etc, `wrong_${name}`), join(etc, name));
        return reload(sshd);
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function writeList({ home, own }: AccountManager, text: string): void {
  const file = join(home, ".config/state-hub/tunnels.yaml");
  writeFileSync(file, text, { mode: 0o600 });
  own(file);
}

/** Root's sshd lets a second account in, one without a shell; anybody else's only its own. */
function tunnelUser(): string {
  return process.getuid?.() === 0 ? "nobody" : serverUser(null).name;
}

/** As an account that was made a moment ago: its key file is there, and empty. */
function letNobodyIn(etc: string): void {
  const file = join(etc, "authorized_keys");
  chmodSync(etc, 0o711);
  writeFileSync(file, "");
  chmodSync(file, 0o644);
}

function saidHere(o: { sshd: Sshd; listenPort: number; home: string; remote: string }): Said {
  const { sshd, listenPort, home, remote } = o;
  return {
    ...accountEnvironment(home),
    NO_COLOR: "1",
    STATE_HUB_HOME: join(home, ".local/state/state-hub"),
    STATE_HUB_URL: `http://127.0.0.1:${listenPort}`,
    TUNNEL: "hub",
    KEY: join(home, ".ssh/state_hub_tunnel"),
    NEW_KEY: join(home, ".ssh/state_hub_tunnel_2"),
    HOLD_SECONDS: "2",
    LISTEN_PORT: String(listenPort),
    HUB_HOST: sshd.address,
    SSH_PORT: String(sshd.port),
    REMOTE: remote,
    REPO: SLUG,
  };
}

function saidThere(o: { etc: string; sshd: Sshd; hubPort: number; home: string }): Said {
  return {
    ...accountEnvironment(o.home),
    NO_COLOR: "1",
    STATE_HUB_HOME: join(o.home, ".local/state/state-hub"),
    HUB_PORT: String(o.hubPort),
    SSH_PORT: String(o.sshd.port),
    SSHD_CONFIG: join(o.etc, "sshd_config"),
    HOST_KEY_FILE: join(o.etc, "host_key.pub"),
    AUTHORIZED_KEYS: join(o.etc, "authorized_keys"),
    TUNNEL_USER: tunnelUser(),
  };
}

async function remoteIn(folder: string): Promise<string> {
  const plan = workplanText({ id: "GARDEN-WP-0001", tasks: [{ id: "GARDEN-WP-0001-T01" }] });
  const { path } = await makeRemote(join(folder, SLUG), { "workplans/GARDEN-WP-0001-plan.md": plan });
  return path;
}

async function startHub({ home, systemctl }: UserManager, url: string, port: number): Promise<void> {
  mkdirSync(join(home, ".config/state-hub"), { recursive: true });
  writeFileSync(join(home, ".config/state-hub/env"), `DATABASE_URL=${url}\n`, { mode: 0o600 });
  writeFileSync(dropInPath(home, "state-hub.service"), dropInOfHub(port));
  const unit = join(ROOT, "systemd/active/state-hub.service");
  const { exitCode, stderr } = await systemctl("enable", "--now", unit);
  if (exitCode !== 0) throw new Error(stderr);
  await answering(`http://127.0.0.1:${port}`);
}

/** The account makes its own folders, where it needs some: it has none yet. */
async function installDropIns({ home, own, systemctl }: AccountManager): Promise<void> {
  mkdirSync(join(home, ".ssh"), { mode: 0o700 });
  for (const [unit, text] of Object.entries(DROP_INS)) writeFileSync(dropInPath(home, unit), text);
  own(home);
  await systemctl("daemon-reload");
}

export function answering(at: string): Promise<boolean> {
  return waitUntil({ forWhat: `${at} to answer`, deadlineMs: 30_000 }, async () => {
    const answer = await fetch(`${at}/state/health`).catch(String);
    return typeof answer !== "string" && answer.ok ? { found: true } : { seen: String(answer) };
  });
}

async function reload({ log, port }: Sshd): Promise<void> {
  const starts = () => log().split("Server listening").length;
  const before = starts();
  const pid = listenerOn(String(port))?.pid;
  if (pid === undefined) throw new Error(`Nobody listens on ${port}`);
  process.kill(pid, "SIGHUP");
  await waitUntil({ forWhat: "sshd to have read its settings", deadlineMs: 20_000 }, () =>
    starts() > before ? { found: true } : { seen: log().slice(-400) },
  );
}
