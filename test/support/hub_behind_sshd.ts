// A real hub behind a real sshd, for the tests of one file: what most tunnels in tests lead to.
import { afterAll, beforeAll } from "bun:test";
import { temporaryFolder } from "./git_repo.ts";
import { type ServedHub, servedHub } from "./served_hub.ts";
import { type Sshd, startSshd } from "./sshd.ts";
import { type TunnelWords, tunnelWords } from "./tunnel_scene.ts";

export interface HubBehindSshd {
  /** For the list and the home. */
  readonly folder: string;
  readonly sshd: Sshd;
  readonly hub: ServedHub;
  /** A tunnel to it. */
  words(more?: TunnelWords): TunnelWords;
}

/** Started before the file's tests, and stopped after them. */
export function hubBehindSshd(): HubBehindSshd {
  const folder = temporaryFolder();
  let started: { readonly sshd: Sshd; readonly hub: ServedHub } | undefined;
  beforeAll(async () => {
    const [sshd, hub] = await Promise.all([startSshd(), servedHub()]);
    started = { sshd, hub };
  });
  afterAll(async () => {
    await Promise.all([started?.hub.close(), started?.sshd.stop()]);
    folder.remove();
  });
  const running = () => {
    if (started === undefined) throw new Error("it is started before the tests, not while they are read");
    return started;
  };
  return {
    folder: folder.path,
    get sshd() {
      return running().sshd;
    },
    get hub() {
      return running().hub;
    },
    words: (more = {}) => {
      const { sshd, hub } = running();
      return tunnelWords(sshd, { port: Number(new URL(hub.at).port) }, more);
    },
  };
}
