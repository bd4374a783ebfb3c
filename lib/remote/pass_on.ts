// What a script on another host prints, passed on to our own output as it comes, and no faster than that is read.
import type { RemoteCommand } from "../ssh/exec.ts";
import type { MarkedOutput } from "./start_mark.ts";

/** Resolves when the bytes are taken, or nobody reads any more; rejects when they cannot be written. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

interface Passing {
  readonly out: Sink;
  /** Gets what came before the mark, too. */
  readonly err: Sink;
  readonly marked: MarkedOutput;
  readonly onBegun: () => void;
}

/**
 * Until both streams have ended. What cannot be written is left, and the rest read all the same: a script that nobody reads would
 * wait for ever.
 * @throws what the sink said of the first bytes that it did not take
 */
export async function passOn({ stdout, stderr }: RemoteCommand, { out, err, marked, onBegun }: Passing): Promise<void> {
  const troubles: unknown[] = [];
  const write = async (sink: Sink, bytes: Uint8Array) => {
    if (bytes.length > 0 && troubles.length === 0) await sink(bytes).catch((error) => troubles.push(error));
  };
  const passOut = async () => {
    for await (const chunk of stdout) {
      const waiting = marked.word() === null;
      const rest = marked.take(chunk);
      if (waiting && marked.word() !== null) {
        onBegun();
        await write(err, marked.before());
      }
      await write(out, rest);
    }
  };
  const passErr = async () => {
    for await (const chunk of stderr) await write(err, chunk);
  };
  await Promise.all([passOut(), passErr()]);
  if (troubles.length > 0) throw troubles[0];
}
