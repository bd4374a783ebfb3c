// The line between this machine and a network namespace: two tun devices, and this process passes the packets from one to
// the other, late or not at all. So every packet is late, those of a handshake too, and a cut line is silent: no carrier
// lost, no neighbour missing, no reset. (The kernel's own delay, tc netem, is not built into every kernel.)
// It makes the namespace, without a name, and ends all that runs there when its stdin ends: also after a kill -9 of the
// tests nothing of it is left.
// Usage: bun test/support/slow_link.ts NAME HOST_ADDRESS ADDRESS; answers with a process id of the namespace, then takes
// states as JSON on stdin and answers each with a line
import { readdirSync, readlinkSync, writeSync } from "node:fs";
import { setPriority } from "node:os";
import { openTun, readNow, sendNow, waitForAny } from "./packet_calls.ts";
import { type Choices, seededChoices } from "./seeded_choices.ts";
import { systemProgram } from "./system_program.ts";

export interface LinkState {
  /** Added to each round trip, half of it on each way. */
  readonly roundTripMs: number;
  /** Packets vanish, on both ways. */
  readonly dropping: boolean;
  /** So many of a hundred packets vanish, on both ways; the same ones in each run. */
  readonly lossPercent: number;
}

const STDIN = 0;
const STDOUT = 1;
const BEFORE_OTHERS = -15;
const READY_MS = 10_000;
const IP = systemProgram("ip") ?? "ip";

type LinkName = readonly [device: string, hostAddress: string, address: string];

interface Way {
  readonly from: number;
  readonly to: number;
  /** In the order of their times, since the delay is one for all; what changes it empties the line first. */
  readonly late: { readonly packet: Buffer; readonly due: number }[];
}

/** Runs until stdin ends. */
function passPackets(host: number, inside: number): void {
  const ways: readonly Way[] = [
    { from: host, to: inside, late: [] },
    { from: inside, to: host, late: [] },
  ];
  let state: LinkState = { roundTripMs: 0, dropping: false, lossPercent: 0 };
  const choices = seededChoices(1);
  for (;;) {
    const next = Math.min(...ways.map(({ late }) => late[0]?.due ?? Number.POSITIVE_INFINITY));
    const wait = Number.isFinite(next) ? Math.max(0, next - performance.now()) : null;
    const [told, ...ready] = waitForAny([STDIN, host, inside], wait);
    for (const [index, way] of ways.entries()) {
      if (ready[index]) takeIn(way, state, choices);
      letOut(way, performance.now());
    }
    if (!told) continue;
    const order = readNow(STDIN);
    if (order?.length === 0) return;
    if (order === null) continue;
    state = JSON.parse(order.toString()) as LinkState;
    for (const way of ways) {
      if (state.dropping) way.late.length = 0;
      letOut(way, Number.POSITIVE_INFINITY);
    }
    writeSync(STDOUT, "done\n");
  }
}

function takeIn({ from, late }: Way, { roundTripMs, dropping, lossPercent }: LinkState, choices: Choices): void {
  for (let packet = readNow(from); packet !== null && packet.length > 0; packet = readNow(from)) {
    const isLost = dropping || choices.below(100) < lossPercent;
    if (!isLost) late.push({ packet, due: performance.now() + roundTripMs / 2 });
  }
}

function letOut({ to, late }: Way, now: number): void {
  while (late[0] !== undefined && late[0].due <= now) sendNow(to, late.shift()?.packet ?? Buffer.alloc(0));
}

function must(...argv: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr.toString().trim()}`);
}

/** Two devices, one of them moved into the namespace, each knowing the other as its only neighbour. */
function connect(namespace: number, [name, hostAddress, address]: LinkName): [host: number, inside: number] {
  const host = openTun(name);
  const inside = openTun(`${name}i`);
  const there = ["nsenter", `--target=${namespace}`, "--net", "--", IP];
  must(IP, "address", "add", hostAddress, "peer", address, "dev", name);
  must(IP, "link", "set", name, "up");
  must(IP, "link", "set", `${name}i`, "netns", `${namespace}`, "name", "eth0");
  must(...there, "address", "add", address, "peer", hostAddress, "dev", "eth0");
  must(...there, "link", "set", "eth0", "up");
  must(...there, "link", "set", "lo", "up");
  return [host, inside];
}

/** A namespace lives as long as a process does in it: one that ends with its stdin, that is with us. */
function startNamespace(): { pid: number; network: string } {
  const holder = Bun.spawn(["unshare", "--net", "--", "cat"], { stdio: ["pipe", "ignore", "inherit"] });
  const ours = networkOf("self");
  for (let waited = 0; waited < READY_MS; waited++) {
    const network = networkOf(holder.pid);
    if (network !== null && network !== ours) return { pid: holder.pid, network };
    Bun.sleepSync(1);
  }
  throw new Error("Could not make a network namespace: unshare --net");
}

/** Which network a process is in, as a word to compare. Null: it has ended. */
export function networkOf(pid: number | string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

function endAllIn(network: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && networkOf(name) === network)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // Ended meanwhile.
    }
  }
}

function main(name: LinkName): void {
  const { pid: namespace, network } = startNamespace();
  try {
    const [host, inside] = connect(namespace, name);
    // A line does not get slower because the machines at its ends are busy.
    setPriority(BEFORE_OTHERS);
    writeSync(STDOUT, `${namespace}\n`);
    passPackets(host, inside);
  } finally {
    endAllIn(network);
  }
}

if (import.meta.main) {
  const [name = "", hostAddress = "", address = ""] = process.argv.slice(2);
  try {
    main([name, hostAddress, address]);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
  }
  // The holder's pipe would keep this process waiting.
  process.exit();
}
