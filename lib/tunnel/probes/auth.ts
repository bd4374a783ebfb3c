// The host lets this account's key in.
import { OpsFailure } from "../../failure.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { Path } from "../path.ts";
import type { Probe } from "../probe.ts";

export const auth: Probe = {
  id: "auth",
  wanted: (path) => `${accountOf(path)} to let the key in`,
  look: async (path) => {
    if (path.isWarm) return { ok: true, saw: `${accountOf(path)}, as before` };
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

function accountOf({ host, tunnel }: Path): string {
  return `${host?.user ?? tunnel.ssh.user ?? "?"}@${host?.hostname ?? tunnel.ssh.host}`;
}
