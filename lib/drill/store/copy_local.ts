// Copies a file on this machine so that it can be stopped, tells how far it is, and is on the disk at the end. The system's
// own copy can do none of the three, and a backup takes minutes.
import { constants } from "node:fs";
import { open } from "node:fs/promises";

interface LocalCopy {
  readonly signal?: AbortSignal;
  readonly onBytes: (bytes: number, of: number) => void;
  /** Whether it may take the place of what is there. */
  readonly over: boolean;
}

const CHUNK = 1024 * 1024;

/** To a file of mode 600. @throws as the system does, and the signal's reason */
export async function copyLocal(from: string, to: string, { signal, onBytes, over }: LocalCopy): Promise<void> {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await source.stat();
    const target = await open(to, over ? "w" : "wx", 0o600);
    try {
      const buffer = Buffer.allocUnsafe(CHUNK);
      for (let copied = 0; ; ) {
        signal?.throwIfAborted();
        const { bytesRead } = await source.read(buffer, 0, CHUNK, copied);
        if (bytesRead === 0) break;
        for (let written = 0; written < bytesRead; )
          written += (await target.write(buffer, written, bytesRead - written, copied + written)).bytesWritten;
        copied += bytesRead;
        onBytes(copied, size);
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Of a file its bytes, of a folder its names. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
