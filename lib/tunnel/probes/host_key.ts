// Whoever answers there is the host that the configuration pins; nothing is sent to anybody else.
import { OpsFailure } from "../../failure.ts";
import { scrubText } from "../../secret.ts";
import { openInStages } from "../../ssh/open_in_stages.ts";
import { NOT_TRUSTED, pinnedKey } from "../../ssh/pinned_key.ts";
import type { Path } from "../path.ts";
import type { Probe, Sight } from "../probe.ts";
import { sshSocket } from "./tcp.ts";

const HANDSHAKE_MS = 10_000;

export const hostKey: Probe = {
  id: "host_key",
  wanted: ({ tunnel }) => pinnedKey(tunnel.ssh.host_key ?? "")?.fingerprint ?? "the pinned key",
  look: async (path) => {
    const pinned = pinnedKey(path.tunnel.ssh.host_key ?? "");
    if (path.isWarm) return { ok: true, saw: `${pinned?.fingerprint}, as before` };
    const { host, socket, signal, terms, turn } = path;
    if (host === null || socket === null || pinned === null)
      throw new OpsFailure("Could not look", { observed: "no connection" });
    const again = () => sshSocket(path);
    const deadlineMs = path.within(HANDSHAKE_MS);
    path.stages = openInStages({ host, env: terms.env, pinned, socket, again, deadlineMs, signal });
    path.stages.ready.then(
      () => turn?.end(true),
      () => turn?.end(false),
    );
    try {
      await path.stages.trusted;
    } catch (error) {
      return faultOf(error, path);
    }
    return { ok: true, saw: pinned.fingerprint };
  },
  remedy: ({ host, tunnel }) =>
    `ssh-keyscan -p ${host?.port ?? 22} ${host?.hostname ?? tunnel.ssh.host} | ssh-keygen -lf -; ask the host's administrator whether it was reinstalled, and change ssh.host_key only for what was read on the host itself`,
};

/** Another key is one story, no key at all another: then nobody was installed anew, and nothing has to be pinned. */
function faultOf(error: unknown, { host, signal, tunnel }: Path): Sight {
  signal.throwIfAborted();
  if (!(error instanceof OpsFailure) || error.message === NOT_TRUSTED) throw error;
  const port = host?.port ?? 22;
  return {
    ok: false,
    saw: scrubText(`it takes connections, and shows no key: ${error.observed ?? error.message}`),
    remedy: `on the host: ss -ltnp 'sport = :${port}'; systemctl status ssh; from here: ssh-keyscan -p ${port} ${host?.hostname ?? tunnel.ssh.host}`,
  };
}
