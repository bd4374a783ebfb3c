// Who listens on a port of this machine, and in which control group: what answers there need not be what should. From the
// kernel's own tables (proc(5)).
import { isIP } from "node:net";
import { endianness } from "node:os";
import { describeProcess, processIds, type RunningProcess, socketsOf, textOf } from "./process_table.ts";

export interface PortListener {
  /** null: its process belongs to another account, or this process may not see it. */
  readonly owner: RunningProcess | null;
}

const LISTEN = "0A";

/** Those that a connection to this address and port could come to. */
export function listenersOn(host: string, port: number): PortListener[] {
  const inodes = [...listeningInodes("/proc/net/tcp", host, port), ...listeningInodes("/proc/net/tcp6", host, port)];
  if (inodes.length === 0) return [];
  const owners = ownersOf(new Set(inodes));
  return inodes.map((inode) => ({ owner: owners.get(inode) ?? null }));
}

export function belongsTo({ controlGroups }: RunningProcess, controlGroup: string): boolean {
  return controlGroups.some((path) => path === controlGroup || path.startsWith(`${controlGroup}/`));
}

function listeningInodes(table: string, host: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = textOf(table).split("\n").slice(1);
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
    const [address = "", localPort] = local.split(":");
    return state === LISTEN && localPort === hexPort && answersFor(address, host) ? [inode] : [];
  });
}

/** A listener on every address answers for each; a name may stand for any of its addresses. */
function answersFor(hex: string, host: string): boolean {
  if (/^0+$/.test(hex) || isIP(host) === 0) return true;
  if (isIP(host) === 6) return hex === kernelHex(bytesOf6(host));
  const four = kernelHex(host.split(".").map(Number));
  return hex === four || hex === `0000000000000000FFFF0000${four}`;
}

/** The kernel prints an address as the words that it has in memory: 127.0.0.1 is 0100007F on a little-endian machine. */
function kernelHex(bytes: readonly number[]): string {
  const words = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.slice(at * 4, at * 4 + 4));
  const inMemory = endianness() === "LE" ? words.map((word) => word.reverse()) : words;
  return inMemory
    .flat()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"))
    .join("");
}

/** Of an address without a dotted part. */
function bytesOf6(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const groups = (part = "") => part.split(":").filter((group) => group !== "");
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail)];
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}

function ownersOf(inodes: ReadonlySet<string>): Map<string, RunningProcess> {
  const found = new Map<string, RunningProcess>();
  for (const pid of processIds()) {
    if (found.size === inodes.size) break;
    for (const inode of socketsOf(pid)) if (inodes.has(inode)) found.set(inode, describeProcess(pid));
  }
  return found;
}
