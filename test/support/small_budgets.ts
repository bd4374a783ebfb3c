// Many repositories and a budget that is too small for them, tick after tick: the promise is that none starves, whoever
// hangs at the head of the list.
import { expect } from "bun:test";
import { cpSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { makeRemote } from "./remotes.ts";
import type { SweptFleet } from "./swept_fleet.ts";

export interface Crowd {
  readonly healthy: number;
  /** At the head of the list: their server takes the connection and never says a word. */
  readonly hanging: number;
}

/** As in a sweep by the script, unless told otherwise. */
const AT_ONCE = 8;
const TICK_MINUTES = 15;
const HEALTHY = "m-";

/** Registers so many repositories, of which no checkout is on this host. @returns ends the server of those that hang */
export async function manyRemotes(fleet: SweptFleet, { healthy, hanging }: Crowd): Promise<() => void> {
  const { path } = await makeRemote(join(fleet.folder, "model"), { "README.md": "Nothing is planned here.\n" });
  const mute = await muteServer();
  const rows = [
    ...numbered(hanging).map((number) => ({ slug: `a-${number}`, remote_url: `${mute.url}/${number}.git` })),
    ...numbered(healthy).map((number) => ({ slug: HEALTHY + number, remote_url: `${path}.${number}` })),
  ];
  for (const { remote_url: url } of rows.slice(hanging)) cpSync(path, url, { recursive: true });
  await fleet.hub.database.sql`
    insert into repos (slug, remote_url, default_branch)
    select slug, remote_url, 'main' from json_to_recordset(${JSON.stringify(rows)}::text::json) as r (slug text, remote_url text)`;
  return mute.close;
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index).padStart(3, "0"));

async function muteServer(): Promise<{ url: string; close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `https://127.0.0.1:${(server.address() as { port: number }).port}`, close };
}

/**
 * Sweeps until each healthy repository was swept `rounds` times, and proves on the way:
 *
 * - bound: with H healthy and F hanging ones, L lanes, and at least k healthy ones swept in each later tick, all H are swept
 *   within ceil(F / L) + ceil(H / k) + 1 ticks: the hanging fill all lanes once, until they are known;
 * - nobody is swept again while somebody who waits for longer is not, but for those that were in the lanes at the end;
 * - each report counts everybody once, and what is still to be swept for the first time shrinks from tick to tick.
 *
 * @returns what happened in each tick, for whoever looks at it
 */
export async function expectFair(
  fleet: SweptFleet,
  { healthy, hanging, maxSeconds, rounds = 1 }: Crowd & { maxSeconds: number; rounds?: number },
): Promise<string[]> {
  const ticks: string[] = [];
  const last = new Map(numbered(healthy).map((number) => [HEALTHY + number, 0]));
  const count = new Map([...last.keys()].map((slug) => [slug, 0]));
  const fewest = { swept: Number.POSITIVE_INFINITY };
  const learning = Math.ceil(hanging / AT_ONCE);
  for (let tick = 1, left = healthy; left > 0; tick++) {
    const { report } = await fleet.sweep({ maxSeconds });
    const { repos_processed: processed, skipped_clean, skipped_missing, skipped_budget } = report;
    const swept = [...processed.map(({ slug }) => slug), ...skipped_clean].filter((slug) => last.has(slug));
    ticks.push(
      `tick ${tick}: ${swept.length} swept, ${skipped_missing.length} missing, ${skipped_budget.length} not reached, ${report.duration_ms} ms`,
    );
    const told = { ticks, code: report.exit_code, error: report.automation_error };
    expect(told).toEqual({ ticks, code: 0, error: null });
    const listed = processed.length + skipped_clean.length + skipped_missing.length + skipped_budget.length;
    expect({ ticks, listed }).toEqual({ ticks, listed: healthy + hanging });
    // A lane that is held up ends late, never a multiple of its time.
    expect(report.duration_ms).toBeLessThan(maxSeconds * 1000 + 3_000);

    const overtaken = overtakenBy(swept, last);
    expect({ ticks, tooMany: overtaken.length > AT_ONCE ? overtaken : [] }).toEqual({ ticks, tooMany: [] });
    for (const slug of swept) {
      last.set(slug, tick);
      count.set(slug, (count.get(slug) ?? 0) + 1);
    }
    const now = [...count.values()].filter((times) => times < rounds).length;
    if (tick > learning) {
      fewest.swept = Math.min(fewest.swept, swept.length);
      expect({ ticks, shrinks: now < left || rounds > 1 }).toEqual({ ticks, shrinks: true });
      const bound = learning + rounds * Math.ceil(healthy / fewest.swept) + 1;
      expect({ ticks, late: tick > bound }).toEqual({ ticks, late: false });
    }
    left = now;
    await fleet.passTime(TICK_MINUTES);
  }
  return ticks;
}

/** Those who were passed over although they had waited for longer than somebody who was swept. */
function overtakenBy(swept: readonly string[], last: ReadonlyMap<string, number>): string[] {
  const newest = Math.max(...swept.map((slug) => last.get(slug) ?? 0));
  const done = new Set(swept);
  return [...last].filter(([slug, at]) => !done.has(slug) && at < newest).map(([slug]) => slug);
}
