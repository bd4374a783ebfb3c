// What the two readers of the pages about tunnels type by hand, or carry from one screen to the other: the list of tunnels, sshd's
// lines, the key's line. All of it as the page shows it, with their own values.
import { readFileSync } from "node:fs";
import { pageNamed } from "./runbook_reader.ts";
import type { TunnelAccount } from "./tunnel_account.ts";

const PAGE = pageNamed("add_a_machine");

function textOf(name: string): string {
  const text = PAGE.blocks.find((block) => block.name === name)?.text;
  if (text === undefined) throw new Error(`there is no block named ${name} in ${PAGE.file}`);
  return text;
}

/** ~/.config/state-hub/tunnels.yaml, as the page shows it, with what the administrator has read last. */
export function listOf({ here, there, hubPort, reader }: TunnelAccount, key = here.KEY ?? ""): string {
  const { instance_id = "", system_identifier = "" } = JSON.parse(reader.printed("hub-read-identity"));
  return replaced(textOf("the-list"), [
    ["host: hub.example", `host: ${here.HUB_HOST}`],
    ["port: 22", `port: ${here.SSH_PORT}`],
    ["user: state-hub-tunnel", `user: ${there.TUNNEL_USER}`],
    ["~/.ssh/state_hub_tunnel", key],
    ["ssh-ed25519 <host-key>", reader.printed("hub-read-key").trim()],
    ["port: 8000", `port: ${here.LISTEN_PORT}`],
    ["port: 8000", `port: ${hubPort}`],
    ["<instance-id>", instance_id],
    ["<system-identifier>", system_identifier],
  ]);
}

/** From the administrator to the machine: the fingerprint that he has read last. */
export function sayFingerprint({ here, reader }: TunnelAccount): void {
  here.FINGERPRINT = reader.printed("hub-read-fingerprint").split(" ")[1] ?? "";
}

/** What sshd_config gets. */
export function matchBlockFor(user: string): string {
  const [block = ""] = /^Match User .*$/ms.exec(textOf("on-the-hubs-host")) ?? [];
  return replaced(block, [["state-hub-tunnel", user]]);
}

/** A page that shows something else is a page that this test does not follow. */
function replaced(text: string, values: readonly (readonly [string, string])[]): string {
  return values.reduce((left, [shown, own]) => {
    if (!left.includes(shown)) throw new Error(`the page does not show ${shown}`);
    return left.replace(shown, own);
  }, text);
}

/** From the machine to the administrator: the line that a block has printed, and the long word of its key. */
export function sendLine({ there, reader }: TunnelAccount, block: string): void {
  const lines = reader.printed(block).split("\n");
  there.KEY_LINE = lines.find((line) => line.startsWith("restrict,")) ?? "";
  there.PUBLIC_KEY = there.KEY_LINE.split(" ").at(-2) ?? "";
}

/** The long word of a key's public half. */
export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, "utf8").split(" ")[1] ?? "";
}

/** With the tunnel's key and settings of its own: ssh that has sshd make a socket in a folder of its host. */
export function socketOverThere({ machine, here, there }: TunnelAccount, path: string): string[] {
  const known = `UserKnownHostsFile=${machine.home}/.config/state-hub/tunnels/hub/known_hosts`;
  const settings = ["HostKeyAlias=tunnel", known, "BatchMode=yes", "ExitOnForwardFailure=yes"];
  const words = ["-i", here.KEY ?? "", "-p", here.SSH_PORT ?? "", ...settings.flatMap((each) => ["-o", each])];
  const account = `${there.TUNNEL_USER}@${here.HUB_HOST}`;
  return ["timeout", "10", "ssh", "-F", "none", ...words, "-N", "-R", `${path}:127.0.0.1:1`, account];
}
