// The SHA-256 of a file of any size, in little memory, so that a part is known by it before anybody trusts it.
import { constants } from "node:fs";
import { open } from "node:fs/promises";

interface Hashing {
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

const CHUNK = 1024 * 1024;

/** @returns hex, and how many bytes there were; a link is not followed */
export async function hashFile(
  path: string,
  { signal, onBytes }: Hashing = {},
): Promise<{ sha256: string; bytes: number }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const hasher = new Bun.CryptoHasher("sha256");
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let bytes = 0; ; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK, bytes);
      if (bytesRead === 0) return { sha256: hasher.digest("hex"), bytes };
      hasher.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
      onBytes?.(bytes);
    }
  } finally {
    await file.close();
  }
}
