// Who listens on a port, by the kernel's own word: only those that a connection to the address could come to.
import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { belongsTo, listenersOn } from "../../../lib/systemd/listeners.ts";

async function listening(host: string, work: (port: number) => void): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
  try {
    work((server.address() as { port: number }).port);
  } finally {
    server.close();
  }
}

const found = (host: string, port: number) => listenersOn(host, port).map(({ owner }) => owner?.pid);

describe("listenersOn()", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["127.0.0.1", ["127.0.0.1", "localhost"], ["127.0.0.2", "::1"]],
    ["127.0.0.2", ["127.0.0.2"], ["127.0.0.1"]],
    ["0.0.0.0", ["127.0.0.1", "127.0.0.2"], []],
    ["::1", ["::1", "0:0:0:0:0:0:0:1", "localhost"], ["127.0.0.1", "::2"]],
    ["::ffff:127.0.0.1", ["127.0.0.1"], ["127.0.0.2"]],
  ];
  for (const [bound, seen, unseen] of rows)
    test(`listenersOn() of one that is bound to ${bound}: ${seen.join(", ")}, not ${unseen.join(", ") || "another port"}`, async () => {
      await listening(bound, (port) => {
        for (const host of seen) expect([host, found(host, port)]).toEqual([host, [process.pid]]);
        for (const host of unseen) expect([host, found(host, port)]).toEqual([host, []]);
        expect(found(seen[0] ?? "", port === 65_535 ? 1 : 65_535)).toEqual([]);
      });
    });

  test("listenersOn() names the process and its control groups", async () => {
    await listening("127.0.0.1", (port) => {
      const owner = listenersOn("127.0.0.1", port)[0]?.owner;
      expect(owner?.command).toBe("bun");
      expect(owner?.controlGroups.length).toBeGreaterThan(0);
    });
  });
});

describe("belongsTo()", () => {
  test("belongsTo() takes a group and what is below it, not one whose name begins alike", () => {
    const owner = (group: string) => ({ pid: 1, command: "", controlGroups: ["/", group], invocation: null });
    expect(belongsTo(owner("/a/x.service"), "/a/x.service")).toBe(true);
    expect(belongsTo(owner("/a/x.service/sub"), "/a/x.service")).toBe(true);
    expect(belongsTo(owner("/a/x.service2"), "/a/x.service")).toBe(false);
  });
});
