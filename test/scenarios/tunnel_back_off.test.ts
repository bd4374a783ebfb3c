// How long a tunnel's unit waits before it tries again, under a real systemd --user: longer each time while its host is away, and not at
// all once a run has lasted.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../../lib/wait_until.ts";
import { dropInPath, startUserManager, type UserManager } from "../support/user_manager.ts";

const TEMPLATE = "state-hub-tunnel@.service";
const SETUP_MS = 30_000;
const TRIES_MS = 40_000;
let manager: UserManager;
beforeAll(async () => {
  manager = await startUserManager();
  const units = join(manager.home, ".config/systemd/user");
  mkdirSync(units, { recursive: true });
  cpSync(join(import.meta.dir, "../../systemd/active", TEMPLATE), join(units, TEMPLATE));
}, SETUP_MS);
afterAll(() => manager?.stop(), SETUP_MS);

/** @param runs in the place of ssh */
async function start(unit: string, { runs, more = "" }: { runs: string; more?: string }): Promise<void> {
  // The home of this test lies below /tmp.
  writeFileSync(dropInPath(manager.home, unit), `[Service]\nPrivateTmp=no\nExecStart=\nExecStart=${runs}\n${more}`);
  await manager.systemctl("daemon-reload");
  await manager.systemctl("start", unit);
}

async function restartsOf(unit: string): Promise<number> {
  return Number((await manager.systemctl("show", "--property=NRestarts", "--value", unit)).stdout);
}

/** Seconds until each of these counts of restarts is reached, from the one before. */
async function pauses(unit: string, counts: readonly number[]): Promise<number[]> {
  const at: number[] = [];
  for (const count of counts) {
    await waitUntil({ forWhat: `restart ${count}`, deadlineMs: TRIES_MS }, async () => {
      const seen = await restartsOf(unit);
      return seen >= count ? { found: true } : { seen: `${seen}` };
    });
    at.push(performance.now() / 1_000);
  }
  return at.slice(1).map((time, index) => time - (at[index] ?? 0));
}

test(
  "a host that is away is tried after 1 s, 2 s, 4 s",
  async () => {
    const unit = "state-hub-tunnel@away.service";
    await start(unit, { runs: "/bin/false" });
    const [second = 0, third = 0, fourth = 0] = await pauses(unit, [1, 2, 3, 4]);
    await manager.systemctl("stop", unit);
    // With one more for RestartSec=, and what a busy machine adds.
    expect(second).toBeGreaterThan(1.5);
    expect(third).toBeGreaterThan(2.5);
    expect(fourth).toBeGreaterThan(4.5);
    expect(fourth).toBeLessThan(10);
  },
  SETUP_MS + TRIES_MS,
);

test(
  "a run that lasted ends the row",
  async () => {
    const unit = "state-hub-tunnel@up.service";
    const pause = "%h/state-hub-ops/systemd/pause_before_retry.sh %n 1";
    await start(unit, { runs: "/bin/sleep 2", more: `ExecStartPre=\nExecStartPre=-${pause}\n` });
    const seen: number[] = [];
    const until = performance.now() + 8_000;
    while (performance.now() < until) {
      seen.push(await restartsOf(unit));
      await Bun.sleep(50);
    }
    await manager.systemctl("stop", unit);
    // Counted, and forgotten by the time that ssh runs.
    expect([Math.max(...seen), seen.filter((count) => count === 0).length > seen.length / 2]).toEqual([1, true]);
  },
  SETUP_MS,
);
