// The machine that an operator works on over SSH: an account with the toolkit in its home, its settings, its own systemd and a
// checkout; and the operator's side, where a name in the ssh configuration leads there.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentForPrograms, readConfig } from "../../lib/config.ts";
import { addRepo } from "../../lib/consistency/repo_registry.ts";
import { shellQuoted } from "../../lib/shell_quoted.ts";
import { makeRepo, temporaryFolder, workplanText } from "./git_repo.ts";
import { type ServedHub, servedHub } from "./served_hub.ts";
import { type Sshd, startSshd } from "./sshd.ts";
import { systemProgram } from "./system_program.ts";
import { tunnelWords, writeTunnels } from "./tunnel_scene.ts";
import { startUserManager, type UserManager } from "./user_manager.ts";

export interface FarMachine {
  /** Its account's home. */
  readonly home: string;
  /** What the operator has exported; HOST is the machine. */
  readonly env: Readonly<Record<string, string>>;
  readonly hub: ServedHub;
  readonly systemctl: UserManager["systemctl"];
  stop(): Promise<void>;
}

export async function farMachine(): Promise<FarMachine> {
  const folder = temporaryFolder();
  const [manager, sshd, hub] = await Promise.all([startUserManager(), startSshd(), servedHub()]);
  enterByLogin(sshd, manager.home);
  await settle(manager.home, { sshd, hub });
  const checkout = await makeRepo(manager.home, "garden", {
    "workplans/GARDEN-WP-0001-plan.md": workplanText({ id: "GARDEN-WP-0001", tasks: [{ id: "GARDEN-WP-0001-T01" }] }),
  });
  const asked = { path: checkout.path, host: readConfig().host, slug: null, domain: null, remoteUrl: null };
  await hub.database.transaction((tx) => addRepo(tx, asked));
  const stop = async () => {
    await Promise.all([manager.stop(), sshd.stop(), hub.close()]);
    folder.remove();
  };
  return { home: manager.home, env: operator(folder.path, sshd), hub, systemctl: manager.systemctl, stop };
}

/** What a login sets up on a machine of one's own: the account's home, and where its systemd is. */
function enterByLogin(sshd: Sshd, home: string): void {
  const runtime = shellQuoted(join(home, "run"));
  const lines = `export HOME=${shellQuoted(home)} XDG_RUNTIME_DIR=${runtime} NO_COLOR=1\n`;
  writeFileSync(join(dirname(sshd.userKey), "home/.bashrc"), lines);
}

async function settle(home: string, { sshd, hub }: { readonly sshd: Sshd; readonly hub: ServedHub }): Promise<void> {
  const settings = join(home, ".config/state-hub");
  mkdirSync(settings, { recursive: true });
  const lines = [`DATABASE_URL=${hub.url}`, `STATE_HUB_URL=${hub.at}`, `STATE_HUB_HOME=${join(home, "state")}`];
  writeFileSync(join(settings, "env"), `${lines.join("\n")}\n`, { mode: 0o600 });
  writeTunnels(settings, [tunnelWords(sshd, { port: Number(new URL(hub.at).port) })]);
}

/** `ssh` reads one's own ~/.ssh/config by the account, whatever HOME says: here it is told which file that is. */
function operator(folder: string, sshd: Sshd): Record<string, string> {
  const [bin, config] = [join(folder, "bin"), join(folder, "ssh_config")];
  mkdirSync(bin);
  const named = `Host vault ${sshd.address}\n  HostName ${sshd.address}\n  Port ${sshd.port}\n`;
  writeFileSync(config, sshd.sshConfig.replace(/^Host .*\n/, named));
  writeFileSync(join(bin, "ssh"), `#!/bin/sh\nexec ${systemProgram("ssh") ?? "ssh"} -F ${shellQuoted(config)} "$@"\n`);
  chmodSync(join(bin, "ssh"), 0o755);
  const { PATH = "", SSH_AUTH_SOCK: _, ...rest } = environmentForPrograms();
  const home = join(folder, "home");
  mkdirSync(home);
  return {
    ...rest,
    PATH: `${bin}:${PATH}`,
    HOME: home,
    STATE_HUB_HOME: join(home, "state"),
    HOST: "vault",
    NO_COLOR: "1",
  };
}
