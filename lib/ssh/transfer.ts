// The bytes of a file, there and back: many small requests in flight at once, because a round trip for each would leave a
// distant host's line idle, and a fixed number of buffers, because a backup is larger than memory.
import { type FileHandle, open } from "node:fs/promises";
import type { SFTPWrapper, Stats } from "ssh2";
import { forEachAtMost } from "../pool.ts";
import type { Requests } from "./watched_requests.ts";

interface Wire {
  readonly wire: SFTPWrapper;
  readonly ask: Requests;
}

// What every server takes in one request (draft-ietf-secsh-filexfer-02, 3), and 2 MB on the way: 16 MB/s at 125 ms.
const CHUNK = 32 * 1024;
const IN_FLIGHT = 64;
// ssh2 makes a new buffer for each packet, twice, and the collector counts none of them: a gigabyte took 110 MB more than it does
// with this, which costs some milliseconds each time.
const COLLECT_EVERY = 16 * 1024 * 1024;

/** To a new file of mode 600, flushed over there where that can be asked for. */
export async function sendFile(
  to: Wire,
  file: string,
  path: string,
  onBytes: (sent: number) => void = () => {},
): Promise<void> {
  const source = await open(file, "r");
  try {
    const { size } = await source.stat();
    const buffers = new Buffers();
    let sent = 0;
    await intoNewFile(to, path, (handle) =>
      forEachAtMost(chunks(size), IN_FLIGHT, async (at) => {
        const buffer = buffers.take();
        const { bytesRead } = await source.read(buffer, 0, CHUNK, at);
        if (bytesRead > 0) await write(to, handle, buffer.subarray(0, bytesRead), at);
        buffers.give(buffer);
        sent += bytesRead;
        collect(at);
        onBytes(sent);
      }),
    );
  } finally {
    await source.close();
  }
}

export function sendBytes(to: Wire, bytes: Uint8Array, path: string): Promise<void> {
  const whole = Buffer.from(bytes);
  return intoNewFile(to, path, (handle) =>
    forEachAtMost(chunks(whole.length), IN_FLIGHT, (at) => write(to, handle, whole.subarray(at, at + CHUNK), at)),
  );
}

async function intoNewFile(to: Wire, path: string, fill: (handle: Buffer) => Promise<void>): Promise<void> {
  const { wire, ask } = to;
  const handle = await ask<Buffer>((done) => wire.open(path, "wx", { mode: 0o600 }, done));
  await closing(to, handle, async () => {
    await fill(handle);
    // fsync@openssh.com; not every server has it, and then a rename after the close has to do.
    await ask<undefined>((done) => wire.ext_openssh_fsync(handle, (error) => done(error, undefined))).catch(
      unlessUnsupported,
    );
  });
}

function unlessUnsupported(fault: { kind?: string }): void {
  if (fault.kind !== "unsupported") throw fault;
}

function write({ wire, ask }: Wire, handle: Buffer, bytes: Buffer, at: number): Promise<undefined> {
  return ask((done) => wire.write(handle, bytes, 0, bytes.length, at, (error) => done(error, undefined)));
}

/** As much as the file held when it was opened; the caller compares sizes and digests. */
export async function receiveFile(
  from: Wire,
  path: string,
  file: string,
  onBytes: (received: number) => void = () => {},
): Promise<void> {
  const target = await open(file, "w", 0o600);
  try {
    const buffers = new Buffers();
    let received = 0;
    await fromFile(from, path, (handle, size) =>
      forEachAtMost(chunks(size), IN_FLIGHT, async (at) => {
        const buffer = buffers.take();
        const bytes = await fill(from, handle, buffer.subarray(0, Math.min(CHUNK, size - at)), at);
        await writeAll(target, buffer.subarray(0, bytes), at);
        buffers.give(buffer);
        received += bytes;
        collect(at);
        onBytes(received);
      }),
    );
    await target.sync();
  } finally {
    await target.close();
  }
}

export async function receiveBytes(from: Wire, path: string, most: number): Promise<Buffer> {
  let found = Buffer.alloc(0);
  await fromFile(from, path, async (handle, size) => {
    found = Buffer.alloc(Math.min(size, most));
    let bytes = 0;
    await forEachAtMost(chunks(found.length), IN_FLIGHT, async (at) => {
      bytes += await fill(from, handle, found.subarray(at, at + CHUNK), at);
    });
    found = found.subarray(0, bytes);
  });
  return found;
}

async function fromFile(from: Wire, path: string, use: (handle: Buffer, size: number) => Promise<void>): Promise<void> {
  const handle = await from.ask<Buffer>((done) => from.wire.open(path, "r", done));
  await closing(from, handle, async () => {
    const { size } = await from.ask<Stats>((done) => from.wire.fstat(handle, done));
    await use(handle, size);
  });
}

/** A server may answer with less than was asked for. @returns how many bytes there were */
async function fill({ wire, ask }: Wire, handle: Buffer, buffer: Buffer, at: number): Promise<number> {
  let bytes = 0;
  while (bytes < buffer.length) {
    const read = await ask<number>((done) =>
      wire.read(handle, buffer, bytes, buffer.length - bytes, at + bytes, (error, count) => done(error, count)),
    );
    if (read === 0) break;
    bytes += read;
  }
  return bytes;
}

async function writeAll(target: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await target.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  }
}

async function closing({ wire, ask }: Wire, handle: Buffer, work: () => Promise<void>): Promise<void> {
  const close = () => ask<undefined>((done) => wire.close(handle, (error) => done(error, undefined)));
  try {
    await work();
  } catch (fault) {
    await close().catch(() => {});
    throw fault;
  }
  // A server may keep "disk full" until the close.
  await close();
}

function* chunks(size: number): Generator<number> {
  for (let at = 0; at < size; at += CHUNK) yield at;
}

function collect(at: number): void {
  if (at > 0 && at % COLLECT_EVERY === 0) Bun.gc(true);
}

/** As many as are in use at once, and no more. */
class Buffers {
  readonly #free: Buffer[] = [];
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafe(CHUNK);
  }
  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
