// What breaks a tunnel, one line each: how to bring it about on real parts, the layer that has to be named, the cause in words,
// and what the operator is told to do.
import { chmodSync, copyFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { join as joined } from "../../lib/ssh/forward_listener.ts";
import { freePort } from "./free_port.ts";
import { makeKey } from "./sshd_config.ts";
import { relayTo } from "./tcp_relay.ts";
import {
  type Broken,
  behind,
  broken,
  type FaultScene,
  hubPort,
  letInWith,
  talkOn,
  target,
} from "./tunnel_fault_scene.ts";
import { tunnelWords } from "./tunnel_scene.ts";

export interface TunnelFault {
  readonly given: string;
  /** As `shortOf` says it, of each tunnel. */
  readonly wanted: string;
  readonly cause: RegExp;
  /** Part of what is to be done: a command to type. */
  readonly remedy: string;
  /** Beside --timeout 3, or instead of it. */
  readonly args?: readonly string[];
  readonly breaks: (scene: FaultScene) => Promise<Broken> | Broken;
}

const HTML = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n<html>It works</html";

export const TUNNEL_FAULTS: readonly TunnelFault[] = [
  {
    given: "another host key than the pinned one",
    wanted: "down at host_key",
    cause: /^it shows the key ssh-ed25519 SHA256:\S+: nothing was sent to it$/,
    remedy: "ssh-keyscan -p ",
    breaks: (scene) => broken(scene, { ssh: { host_key: `SHA256:${"A".repeat(43)}` } }),
  },
  {
    given: "no host key in the list",
    wanted: "down at config",
    cause: /^no ssh\.host_key: whoever answers at the address would be believed$/,
    remedy: "ssh-keyscan -p ",
    breaks: (scene) => broken(scene, { ssh: { host_key: null } }),
  },
  {
    given: "two tunnels of units on one port",
    wanted: "down at config",
    cause: /^(one|two) listens on 127\.0\.0\.1:18000, too$/,
    remedy: "write another listen.port",
    breaks: (scene) => ({
      tunnels: ["one", "two"].flatMap(
        (name) => broken(scene, { name, runs_as: `unit:state-hub-tunnel@${name}` }).tunnels,
      ),
    }),
  },
  {
    given: "a name that nobody knows",
    wanted: "down at resolve",
    cause: /^nobody knows the name no-such-host\.invalid$/,
    remedy: "getent ahosts no-such-host.invalid",
    breaks: (scene) => broken(scene, { ssh: { host: "no-such-host.invalid" } }),
  },
  {
    given: "nothing on the ssh port",
    wanted: "down at tcp",
    cause: /refuses: nothing listens there/,
    remedy: "systemctl status ssh",
    breaks: async (scene) => broken(scene, { ssh: { port: await freePort("127.0.0.1") } }),
  },
  {
    given: "an ssh port that accepts and is silent",
    wanted: "down at host_key",
    cause: /^it takes connections, and shows no key: no answer within /,
    remedy: "ssh-keyscan -p ",
    breaks: async (scene) => {
      const { port, close } = await behind(() => {});
      return broken(scene, { ssh: { port } }, close);
    },
  },
  {
    given: "packets that vanish before the ssh host",
    wanted: "down at host_key",
    cause: /^it takes connections, and shows no key: no answer within /,
    remedy: "ssh-keyscan -p ",
    breaks: async (scene) => {
      const relay = await relayTo(`http://127.0.0.1:${scene.sshd.port}`);
      relay.swallow();
      return broken(scene, { ssh: { port: Number(new URL(relay.url).port) } }, relay.close);
    },
  },
  {
    given: "a key that the host does not know",
    wanted: "down at auth",
    cause: /^it let none of our keys in \(shown: /,
    remedy: "passwd -S",
    breaks: async (scene) => {
      const key = join(scene.folder, "unknown_key");
      await makeKey(key);
      return broken(scene, { ssh: { identity_file: key } });
    },
  },
  {
    given: "a key file that others can read",
    wanted: "down at auth",
    cause: /^no key could be shown: .* can be read by others \(mode 644\): chmod 600 /,
    remedy: "ls -l ",
    breaks: (scene) => {
      const key = join(scene.folder, "readable_key");
      copyFileSync(scene.sshd.userKey, key);
      chmodSync(key, 0o644);
      return broken(scene, { ssh: { identity_file: key } });
    },
  },
  {
    given: "an account that is locked",
    wanted: "down at auth",
    cause: /^it let none of our keys in \(shown: /,
    remedy: "is the account not locked (passwd -S)?",
    breaks: (scene) => ({
      tunnels: [tunnelWords(scene.lockedSshd, { port: hubPort(scene) }, { ssh: { user: "locked-tunnel" } })],
    }),
  },
  {
    given: "an account that may not forward",
    wanted: "down at forward",
    cause: /the host refuses to forward/,
    remedy: "sshd -T | grep -i forward",
    breaks: (scene) => letInWith(scene, "restrict"),
  },
  {
    given: "an account that may not listen",
    wanted: "down at forward",
    cause: /refuses to listen/,
    remedy: 'permitlisten="127.0.0.1:18000"',
    breaks: (scene) => letInWith(scene, 'restrict,port-forwarding,permitlisten="none:1"', { direction: "remote" }),
  },
  {
    given: "a target that is closed",
    wanted: "down at health",
    cause: /^nothing answers at 127\.0\.0\.1:\d+ on the far side/,
    remedy: "curl -sS http://127.0.0.1:",
    breaks: async (scene) => broken(scene, { target: { port: await freePort("127.0.0.1") } }),
  },
  {
    given: "a target that accepts and is silent",
    wanted: "down at health",
    cause: /^no answer within /,
    remedy: "ss -ltnp 'sport = :",
    breaks: (scene) => target(scene, () => {}),
  },
  {
    given: "a web server that answers 200 to everything",
    wanted: "down at health",
    cause: /^an answer 200 that is no State Hub's: <html>/,
    remedy: "ss -ltnp 'sport = :",
    breaks: (scene) => target(scene, (socket) => socket.once("data", () => socket.end(HTML))),
  },
  {
    given: "a target that never stops talking",
    wanted: "down at health",
    cause: /^an answer of more than 65536 bytes$/,
    remedy: "curl -sS http://127.0.0.1:",
    breaks: (scene) => target(scene, (socket) => socket.once("data", () => talkOn(socket))),
  },
  {
    given: "a slow hub",
    wanted: "degraded",
    cause: /^It answers after \d+ ms, wanted at most 250: a long or lossy line, or a busy hub$/,
    remedy: "",
    breaks: (scene) => {
      const fetch = async (request: Request) => {
        await Bun.sleep(600);
        return scene.hub.ask(new URL(request.url).pathname);
      };
      const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
      return broken(scene, { target: { port: Number(server.port) } }, () => void server.stop(true));
    },
  },
  {
    given: "another hub",
    wanted: "down at identity",
    cause: /^another hub: system_identifier \d+$/,
    remedy: "find out what listens on 127.0.0.1:",
    breaks: (scene) => broken(scene, { health: { system_identifier: "7000000000000000000" } }),
  },
  {
    given: "a path that cuts requests at 5 s",
    wanted: "down at hold",
    cause: /^cut after (4\.9|5\.\d) s: the connection was closed$/,
    remedy: "360 s at least",
    args: ["--hold", "8", "--timeout", "12"],
    breaks: (scene) =>
      target(scene, (socket) => {
        joined(socket, createConnection(hubPort(scene), "127.0.0.1"));
        setTimeout(() => socket.destroy(), 5_000);
      }),
  },
];
