// The few calls of the kernel (Linux, glibc) that pass network packets through a process. Bun has no others for them.
import { dlopen, ptr } from "bun:ffi";

const { symbols: libc } = dlopen("libc.so.6", {
  open: { args: ["ptr", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i64" },
  write: { args: ["i32", "ptr", "u64"], returns: "i64" },
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
});

// <fcntl.h>, <linux/if_tun.h>, <poll.h>
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const TUNSETIFF = 0x400454ca;
const IFF_TUN_WITHOUT_HEADER = 0x1001;
const POLLIN = 1;

const buffer = Buffer.alloc(65_536);

/** A network device `name` whose packets are read from and written to the returned descriptor; it goes with it. */
export function openTun(name: string): number {
  const fd = libc.open(ptr(Buffer.from("/dev/net/tun\0")), O_RDWR | O_NONBLOCK);
  if (fd < 0) throw new Error("Could not open /dev/net/tun: it needs root, and a kernel or container that has it");
  const request = Buffer.alloc(40);
  request.write(name);
  request.writeUInt16LE(IFF_TUN_WITHOUT_HEADER, 16);
  if (libc.ioctl(fd, TUNSETIFF, ptr(request)) < 0) throw new Error(`Could not make the network device ${name}`);
  return fd;
}

/** What is there to read at once; empty at the end of a pipe, null when nothing is there. */
export function readNow(fd: number): Buffer | null {
  const size = Number(libc.read(fd, ptr(buffer), buffer.length));
  return size < 0 ? null : Buffer.from(buffer.subarray(0, size));
}

/** As a wire does: what the other side can't take is lost. */
export function sendNow(fd: number, packet: Buffer): void {
  libc.write(fd, ptr(packet), packet.length);
}

/** Waits until one of them has something to read. @param withinMs at most so long; null: for ever */
export function waitForAny(fds: readonly number[], withinMs: number | null): boolean[] {
  const asked = Buffer.alloc(fds.length * 8);
  for (const [index, fd] of fds.entries()) {
    asked.writeInt32LE(fd, index * 8);
    asked.writeInt16LE(POLLIN, index * 8 + 4);
  }
  const time = Buffer.alloc(16);
  const nanoseconds = Math.max(0, Math.round((withinMs ?? 0) * 1e6));
  time.writeBigInt64LE(BigInt(Math.floor(nanoseconds / 1e9)), 0);
  time.writeBigInt64LE(BigInt(nanoseconds % 1e9), 8);
  libc.ppoll(ptr(asked), fds.length, withinMs === null ? null : ptr(time), null);
  // A hang-up or an error is reported unasked, and reading tells which.
  return fds.map((_, index) => asked.readInt16LE(index * 8 + 6) !== 0);
}
