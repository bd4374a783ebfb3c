// One server for each way in which a remote behind ssh or https turns a sweep away, and what the sweep's own host is told
// about them: all is well until they are told to fail.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HttpsRemote, startHttpsRemote } from "./https_remote.ts";
import { type Sshd, startSshd } from "./sshd.ts";
import type { SweptFleet } from "./swept_fleet.ts";

const SSH = ["ssh", "wrong_key", "unknown_key", "refused_key", "overtaken"] as const;
const HTTPS = ["https", "password", "error", "redirects", "untrusted"] as const;
export type ServerName = (typeof SSH)[number] | (typeof HTTPS)[number];

export interface RemoteServers {
  /** The URL of a bare repository of the fleet on that server. */
  url(name: ServerName, path: string): string;
  /** Connections or requests so far. */
  contacts(name: ServerName): number;
  /** Over ssh alone: this shell command runs there before each push that comes in, and before git lists a ref for it. */
  beforePushes(name: (typeof SSH)[number], command: string): void;
  /** All but `ssh`, `overtaken` and `https` turn everybody away from now on, or serve again. */
  fail(failing: boolean): void;
  stop(): Promise<void>;
}

/** They serve the repositories of this fleet, whose sweeps as a script know how to get in. */
export async function startRemoteServers({ folder, home, userHome }: SweptFleet): Promise<RemoteServers> {
  const sshds = await Promise.all(
    SSH.map(async (name, at) => [name, await startSshd({ bind: `127.0.0.${at + 1}` })] as const),
  );
  const secret = { user: "sweeper", password: "s3cret-word" };
  const webs = await Promise.all(
    HTTPS.map(
      async (name) => [name, await startHttpsRemote({ root: folder, ...(name === "password" ? secret : {}) })] as const,
    ),
  );
  const [ssh, https] = [new Map<string, Sshd>(sshds), new Map<string, HttpsRemote>(webs)];
  const fail = (failing: boolean) => {
    mkdirSync(join(home, "ssh"), { recursive: true });
    writeFileSync(join(home, "ssh/config"), sshds.map(([name, sshd]) => sshTextFor(name, sshd, failing)).join(""));
    writeFileSync(join(userHome, ".gitconfig"), webs.map(([name, web]) => gitTextFor(name, web, failing)).join(""));
    https.get("error")?.fault(failing ? "error" : null);
    https.get("redirects")?.fault(failing ? "redirects" : null);
  };
  fail(false);
  return {
    url: (name, path) => ssh.get(name)?.urlOf(path) ?? https.get(name)?.url(path.slice(folder.length)) ?? "",
    contacts: (name) =>
      https.get(name)?.requests().length ??
      ssh
        .get(name)
        ?.log()
        .match(/^Connection from /gm)?.length ??
      0,
    beforePushes: (name, command) => {
      const push = `case $SSH_ORIGINAL_COMMAND in git-receive-pack*) ${command};; esac`;
      ssh.get(name)?.fault({ command: `${push}; exec sh -c "$SSH_ORIGINAL_COMMAND"` });
    },
    fail,
    stop: async () => {
      for (const [, server] of [...sshds, ...webs]) await server.stop();
    },
  };
}

function sshTextFor(name: string, sshd: Sshd, failing: boolean): string {
  if (failing && name === "wrong_key") return sshd.sshConfigWithWrongKey;
  if (failing && name === "unknown_key") return sshd.sshConfigWithoutKey;
  // A client without its key is asked for what else it has, and has nothing.
  if (failing && name === "refused_key") return sshd.sshConfig.replace(/IdentityFile .*/, "IdentityFile /dev/null");
  return sshd.sshConfig;
}

function gitTextFor(name: string, web: HttpsRemote, failing: boolean): string {
  if (failing && name === "untrusted") return "";
  return name === "password" && !failing ? web.gitConfig + web.credentialConfig : web.gitConfig;
}
