// Sweeps as processes of their own that a test stops where it wants to: a gate holds their pushes while something is done
// to them, so that nothing depends on how fast a machine is. And what can be seen of them from outside.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionLocks } from "../../lib/db/session_locks.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { type Running, startCheck } from "./check_process.ts";
import type { SweptFleet, SweptRepo } from "./swept_fleet.ts";

/** A sweep with write-back as a process of its own, by the timer. */
export function startSweep(
  { hub, home, userHome }: Pick<SweptFleet, "home" | "userHome"> & { hub: { url: string } },
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Running {
  const source = flags.includes("--source") ? [] : ["--source", "local-timer"];
  const args = ["--remote", "--all", "--json", ...source, ...flags];
  return startCheck(args, { DATABASE_URL: hub.url, STATE_HUB_HOME: home, HOME: userHome, ...env });
}

export interface Gate {
  /** Slugs in the order in which pushes of the sync arrived. */
  arrived(): string[];
  /** Resolves when so many pushes have arrived. */
  arrivals(count: number): Promise<void>;
  /** Those that wait wait on; whoever comes from now on is let through. */
  letOthersPass(): void;
  open(): void;
}

/** From now on the remotes let no push of the sync through until the gate is opened; a person's push passes. */
export function gateOn(folder: string, repos: readonly SweptRepo[]): Gate {
  const [noted, opened, ignored] = [join(folder, "arrived"), join(folder, "open"), join(folder, "ignored")];
  for (const { path, slug } of repos) {
    // A hook outlives the push that was killed: it ends with the folder of its test, and in any case.
    const text = `read -r _ new _
test "$(git log -1 --format=%an $new)" = Test && exit 0
test -e '${ignored}' && exit 0
echo ${slug} >> '${noted}'
for i in $(seq 3000); do test -e '${opened}' -o ! -d '${folder}' && exit 0; sleep 0.03; done`;
    writeFileSync(join(path, "hooks/pre-receive"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const arrived = () => (existsSync(noted) ? readFileSync(noted, "utf8").trim().split("\n") : []);
  return {
    arrived,
    arrivals: (count) =>
      waitUntil({ forWhat: `${count} pushes to arrive`, deadlineMs: 30_000, intervalMs: 20 }, () =>
        arrived().length >= count ? { found: undefined } : { seen: arrived().join(" ") },
      ),
    letOthersPass: () => writeFileSync(ignored, ""),
    open: () => writeFileSync(opened, ""),
  };
}

/** Milliseconds until the fleet's lock could be had by somebody else, who gives it back. */
export async function lockFreeAfter(locks: SessionLocks): Promise<number> {
  const asked = performance.now();
  await waitUntil({ forWhat: "the fleet's lock", deadlineMs: 70_000, intervalMs: 20 }, async () =>
    (await locks.tryLock("state-hub:fleet"))
      ? { found: true }
      : { seen: JSON.stringify(await locks.holderOf("state-hub:fleet")) },
  );
  const freeAfter = performance.now() - asked;
  await locks.unlock("state-hub:fleet");
  return freeAfter;
}

/** A connection that asks who has the fleet's lock. To be closed. */
export function observer({ hub }: SweptFleet): Promise<SessionLocks> {
  return hub.database.sessionLocks({ source: "manual", host: "observer", pid: process.pid });
}

/** Ids of the commits of the sync on a remote's branch, the newest first. */
export async function syncCommits({ bare }: SweptRepo): Promise<string[]> {
  const ids = await bare.git("log", "--author=State Hub sync", "--format=%H", "main");
  return ids.trim().split("\n").filter(Boolean);
}

/** What a killed git, or a killed sweep, leaves in a home and nobody needs. */
export function leftIn(home: string): string[] {
  const names = ["**/{*.lock,*.tmp,tmp_*,.tmp*,*.keep,fast_import_crash_*}", "mirrors/.making/*", "spool/**/*.json"];
  return names.flatMap((name) => [...new Bun.Glob(name).scanSync({ cwd: home, dot: true, onlyFiles: false })]);
}
