// The proxy of a workstation in this process, on a free port, until a test ends it.
import { runProxy } from "../../lib/hub/proxy/run_proxy.ts";
import { Secret } from "../../lib/secret.ts";
import { waitUntil } from "../../lib/wait_until.ts";

export interface ServedProxy {
  readonly at: string;
  readonly log: readonly Readonly<Record<string, unknown>>[];
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** @param token null: none is set */
export async function servedProxy(url: string, token: string | null): Promise<ServedProxy> {
  const ending = new AbortController();
  const log: Readonly<Record<string, unknown>>[] = [];
  const notes: string[] = [];
  const running = runProxy({
    url,
    service: { token: token === null ? null : new Secret(token) },
    host: "127.0.0.1",
    port: 0,
    io: {
      signal: ending.signal,
      progress: () => {},
      note: (message) => notes.push(message),
      log: (record) => log.push(record),
    },
  });
  running.catch(() => {});
  const at = await waitUntil({ forWhat: "a proxy that listens", deadlineMs: 5_000 }, async () => {
    const line = log.find(({ event }) => event === "listening");
    return line === undefined ? { seen: "nothing" } : { found: String(line.url) };
  });
  const close = async () => {
    ending.abort();
    await running;
  };
  return { at, log, notes, close };
}
