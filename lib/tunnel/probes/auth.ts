// The host lets this account's key in.
import { existsSync } from "node:fs";
import { OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Path } from "../path.ts";
import type { Probe, Sight } from "../probe.ts";

export const auth: Probe = {
  id: "auth",
  wanted: (path) => `${accountOf(path)} to let the key in`,
  look: async (path) => {
    if (path.isWarm) return { ok: true, saw: `${accountOf(path)}, as before` };
    const missing = keyNotThere(path);
    if (missing !== null) return missing;
    if (path.stages === null) throw new OpsFailure("Could not look", { observed: "no connection" });
    path.connection = await path.stages.ready;
    path.heard();
    // Not before: a listener makes a socket flow, and its first bytes are ssh's.
    path.socket?.on("data", path.heard);
    return { ok: true, saw: accountOf(path) };
  },
  remedy: (path) => {
    const file = path.tunnel.ssh.identity_file ?? path.host?.identityFiles[0] ?? "~/.ssh/id_ed25519";
    return `ls -l ${shellQuoted(file)}; on the host: is the line of ${shellQuoted(`${file}.pub`)} in ~${path.host?.user ?? ""}/.ssh/authorized_keys, and is the account not locked (passwd -S)? journalctl -u ssh says why it refused`;
  },
};

function keyNotThere({ tunnel }: Path): Sight | null {
  const file = tunnel.ssh.identity_file;
  if (file === undefined || existsSync(file)) return null;
  const remedy = `ssh-keygen -t ed25519 -N '' -f ${shellQuoted(file)}; or write the key that is there as ssh.identity_file`;
  return { ok: false, saw: `the key ${file} is not there`, remedy };
}

function accountOf({ host, tunnel }: Path): string {
  return `${host?.user ?? tunnel.ssh.user ?? "?"}@${host?.hostname ?? tunnel.ssh.host}`;
}
