// A body that is made while it is sent. ReadableStream.from would do, but Bun's types do not know it.

/** The chunks of a generator, each asked for when there is room; the generator ends when the reader goes away. */
export function streamOf(chunks: AsyncGenerator<Uint8Array, void, void>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await chunks.return();
    },
  });
}
