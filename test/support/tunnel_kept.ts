// A tunnel that a unit keeps, as an operator has it: rendered by the script, started by a user's systemd, let in by a real sshd
// before a real hub.
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../../lib/process/run.ts";
import { checkAll } from "../../lib/tunnel/check_all.ts";
import { readTunnels } from "../../lib/tunnel/read_tunnels.ts";
import type { TunnelReport } from "../../lib/tunnel/report.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { freePort } from "./free_port.ts";
import { type ServedHub, servedHub } from "./served_hub.ts";
import { type Sshd, startSshd } from "./sshd.ts";
import { type CheckOptions, shortOf, type TunnelWords, termsFor, tunnelWords, writeTunnels } from "./tunnel_scene.ts";
import { accountEnvironment, startUserManager, type UserManager } from "./user_manager.ts";

const ROOT = join(import.meta.dir, "../..");
const TEMPLATE = "state-hub-tunnel@.service";
/** Of the tunnel "hub". */
export const UNIT = "state-hub-tunnel@hub.service";

export interface KeptTunnel {
  readonly manager: UserManager;
  readonly sshd: Sshd;
  readonly hub: ServedHub;
  /** Where the list of tunnels is. */
  readonly folder: string;
  /** That the tunnel "hub" listens on. */
  readonly port: number;
  /** Path of the private key that is let in. */
  readonly key: string;
  /** The tunnel "hub", with what differs. */
  words(more?: TunnelWords): TunnelWords;
  check(tunnel: TunnelWords, options?: CheckOptions): Promise<TunnelReport>;
  /** As soon as it is what it should be. */
  becomes(tunnel: TunnelWords, short: string): Promise<TunnelReport>;
  /** As an operator: the script; what it prints of each, the line for the far side among it. */
  render(tunnels: readonly TunnelWords[]): Promise<readonly { authorized_keys: string }[]>;
  /** On the far side, instead of what was let in before. */
  letIn(line: string): void;
  stop(): Promise<void>;
}

export async function keptTunnel(): Promise<KeptTunnel> {
  const [manager, sshd, hub] = [await startUserManager(), await startSshd(), await servedHub()];
  const port = await freePort("127.0.0.1");
  const { home } = manager;
  const folder = join(home, ".config/state-hub");
  const key = placeKey(sshd, home);
  installTemplate(home);
  await manager.systemctl("daemon-reload");
  const check: KeptTunnel["check"] = (tunnel, options = {}) => checkOf({ folder, home, options }, tunnel);
  return {
    ...{ manager, sshd, hub, folder, port, key, check },
    words: (more = {}) => {
      const own = { host_key: sshd.hostKeyLine.split(" ").slice(1, 3).join(" "), identity_file: "~/.ssh/tunnel_key" };
      const given = { runs_as: `unit:${UNIT}`, listen: { port }, ...more, ssh: { ...own, ...more.ssh } };
      return tunnelWords(sshd, { port: Number(new URL(hub.at).port) }, given);
    },
    becomes: (tunnel, short) => becomes(check, home, tunnel, short),
    render: (tunnels) => rendered(writeTunnels(folder, tunnels), home),
    letIn: (line) => writeFileSync(join(dirname(sshd.userKey), "authorized_keys"), `${line}\n`),
    stop: async () => {
      await manager.systemctl("stop", "state-hub-tunnel@*.service");
      await hub.close();
      await sshd.stop();
      await manager.stop();
    },
  };
}

function placeKey(sshd: Sshd, home: string): string {
  const key = join(home, ".ssh/tunnel_key");
  mkdirSync(dirname(key), { recursive: true });
  copyFileSync(sshd.userKey, key);
  copyFileSync(`${sshd.userKey}.pub`, `${key}.pub`);
  chmodSync(key, 0o600);
  return key;
}

function installTemplate(home: string): void {
  const units = join(home, ".config/systemd/user");
  mkdirSync(join(units, `${TEMPLATE}.d`), { recursive: true });
  cpSync(join(ROOT, "systemd/active", TEMPLATE), join(units, TEMPLATE));
  // The home of this test lies below /tmp.
  const text = `[Service]\nRestartSec=200ms\nExecStartPre=\nPrivateTmp=no\nStandardError=append:${home}/ssh.log\n`;
  writeFileSync(join(units, `${TEMPLATE}.d/test.conf`), text);
}

interface CheckedIn {
  readonly folder: string;
  readonly home: string;
  readonly options: CheckOptions;
}

async function checkOf({ folder, home, options }: CheckedIn, tunnel: TunnelWords): Promise<TunnelReport> {
  const path = writeTunnels(folder, [tunnel]);
  const { XDG_RUNTIME_DIR = "" } = accountEnvironment(home);
  const env = { ...termsFor(folder).env, HOME: home, XDG_RUNTIME_DIR };
  const signal = new AbortController().signal;
  const { timeoutMs = 15_000, ...terms } = options;
  const all = { path: termsFor(folder, { env, ...terms }), timeoutMs, signal };
  const [report] = (await checkAll(readTunnels({ path, home }), all)).tunnels;
  if (report === undefined) throw new Error("No tunnel was checked");
  return report;
}

function becomes(check: KeptTunnel["check"], home: string, tunnel: TunnelWords, short: string) {
  const log = join(home, "ssh.log");
  const logged = () => (existsSync(log) ? readFileSync(log, "utf8").slice(-400) : "nothing logged");
  return waitUntil({ forWhat: `it to be ${short}`, deadlineMs: 15_000, intervalMs: 200 }, async () => {
    const found = await check(tunnel);
    if (shortOf(found) === short) return { found };
    return { seen: `${shortOf(found)}: ${found.cause}; ${logged()}` };
  });
}

async function rendered(config: string, home: string): Promise<readonly { authorized_keys: string }[]> {
  const argv = [join(ROOT, "scripts/tunnel_health.ts"), "render", "--config", config, "--json"];
  const { stdout, stderr, exitCode } = await run(argv, { env: accountEnvironment(home), deadlineMs: 20_000 });
  if (exitCode !== 0) throw new Error(`render exits ${exitCode}: ${stderr}`);
  return (JSON.parse(stdout) as { tunnels: { authorized_keys: string }[] }).tunnels;
}
