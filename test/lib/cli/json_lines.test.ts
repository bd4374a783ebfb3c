// The log of a service: whole lines in order; and a reader that does not read costs lines, never memory or time.
import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { openJsonLines } from "../../../lib/cli/json_lines.ts";
import { runFixture } from "./spawn_fixture.ts";

interface Reader {
  readonly write: (text: string) => Promise<void>;
  readonly taken: string[];
  /** From then on it takes all that waits. */
  read(): void;
}

function reader(reading: boolean): Reader {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  let reads = reading;
  return {
    taken,
    write: (text) =>
      new Promise((resolve) => {
        const take = () => {
          taken.push(text);
          resolve();
        };
        if (reads) take();
        else waiting.push(take);
      }),
    read: () => {
      reads = true;
      for (const take of waiting.splice(0)) take();
    },
  };
}

const linesOf = ({ taken }: Reader) =>
  taken
    .join("")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("openJsonLines()", () => {
  test("writes each record as a line, in order, with its time, many in one write", async () => {
    const output = reader(true);
    const lines = openJsonLines(output);
    for (let n = 0; n < 1_000; n++) lines.log({ n, text: 'a\nb"\u2028\ud800' });
    await lines.flush();
    expect(linesOf(output).map(({ n }) => n)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    expect(linesOf(output)[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(output.taken.length).toBeLessThan(5);
  });

  test("keeps little for a reader that does not read, tells how many lines that cost, and goes on", async () => {
    const output = reader(false);
    const lines = openJsonLines(output);
    const record = { text: "x".repeat(1_000) };
    for (let megabyte = 0; megabyte < 20; megabyte++) {
      for (let n = 0; n < 1_000; n++) lines.log(record);
      // What a flush does at once; its own wait would be for the reader.
      void lines.flush();
    }
    output.read();
    expect(output.taken.join("").length).toBeLessThan(6 * 1024 * 1024);
    // The reader's answers arrive before the next line does.
    await Bun.sleep(0);
    lines.log({ event: "after" });
    await lines.flush();
    const [lost, after] = linesOf(output).slice(-2);
    expect(lost).toMatchObject({ level: "warning", event: "log_lines_lost" });
    expect(after).toMatchObject({ event: "after" });
    expect(linesOf(output).length - 2 + Number(lost?.count)).toBe(20_000);
  });

  test("holds on to nothing that was taken, however long it runs", async () => {
    const lines = openJsonLines({ write: async () => {} });
    const arrays = () => {
      Bun.gc(true);
      return heapStats().objectTypeCounts.Array ?? 0;
    };
    const before = arrays();
    for (let n = 0; n < 2_000; n++) {
      lines.log({ n });
      await lines.flush();
    }
    expect(arrays() - before).toBeLessThan(200);
  });

  test("does not wait for ever at the end", async () => {
    const lines = openJsonLines(reader(false));
    lines.log({ event: "last words" });
    const started = performance.now();
    await lines.flush();
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test("goes on when a write fails", async () => {
    const lines = openJsonLines({ write: () => Promise.reject(new Error("disk full")) });
    lines.log({ event: "one" });
    await lines.flush();
    lines.log({ event: "two" });
    await lines.flush();
  });
});

test("a service that ends over an error which nobody awaited has logged what it did just before", async () => {
  const { code, err } = await runFixture("logs.ts", []);
  expect(err).toMatch(/"event":"the_last_that_it_did"}\n[\s\S]*nobody awaited this/);
  expect(code).toBe(2);
});
