// A line that carries so and so many bytes a second: copies stdin to stdout, sixteen small pieces a second. A program,
// because it stands in a pipe behind a real one.
// Usage: bun test/support/trickle.ts BYTES_PER_SECOND
const PIECES_A_SECOND = 16;

/** The same bytes, no faster. */
export async function* trickled(
  stream: AsyncIterable<Uint8Array>,
  bytesPerSecond: number,
): AsyncGenerator<Uint8Array, void, void> {
  const size = Math.max(1, Math.floor(bytesPerSecond / PIECES_A_SECOND));
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; at += size) {
      // The pace of the line itself, not a wait for something to happen.
      await Bun.sleep(1000 / PIECES_A_SECOND);
      yield chunk.subarray(at, at + size);
    }
  }
}

if (import.meta.main) {
  const out = Bun.stdout.writer();
  for await (const piece of trickled(Bun.stdin.stream(), Number(process.argv[2]))) {
    out.write(piece);
    await out.flush();
  }
}
