// Lets Debian packages be installed without a side effect on the machine: no service starts, and no PostgreSQL cluster
// appears. What it writes is gone when the install ends. After a kill -9 a policy may stay that refuses no more, and a
// createcluster.d file that says whose it is.
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { waitUntil } from "../../lib/wait_until.ts";

const DENIED = 101;
const MARK = "# Written by the State Hub tests, process ";
const OTHER_INSTALL_MS = 10 * 60_000;

/**
 * Runs `work` while invoke-rc.d and deb-systemd-invoke refuse to start anything (Debian policy 9.3.3: they ask
 * policy-rc.d, and 101 means no). A policy that already refuses is kept as it is; another one is set aside and comes back.
 * @throws OpsFailure (automation) when another install of ours holds the services for longer than ten minutes
 */
export async function withServicesHeld<T>(work: () => Promise<T>, policy = "/usr/sbin/policy-rc.d"): Promise<T> {
  await waitUntil({ forWhat: "another install to end", deadlineMs: OTHER_INSTALL_MS, intervalMs: 500 }, () => {
    const holder = holderOf(policy);
    return holder !== undefined && existsSync(`/proc/${holder}`) ? { seen: `process ${holder}` } : { found: true };
  });
  const aside = `${policy}.set_aside`;
  if (holderOf(policy) !== undefined) putBack(policy, aside);
  if (existsSync(policy) && refuses(policy)) return await work();
  if (existsSync(policy)) renameSync(policy, aside);
  writeFileSync(policy, policyText(process.pid, aside), { mode: 0o755, flag: "wx" });
  try {
    return await work();
  } finally {
    putBack(policy, aside);
  }
}

/** Refuses while its process lives; afterwards it answers what the one that was set aside would have answered. */
export function policyText(pid: number, aside: string): string {
  return [
    "#!/bin/sh",
    `${MARK}${pid}, so that the packages they install start no service. Safe to delete.`,
    `[ -d /proc/${pid} ] && exit ${DENIED}`,
    `[ -x "${aside}" ] && exec "${aside}" "$@"`,
    "exit 0",
    "",
  ].join("\n");
}

/**
 * Runs `work` while a newly installed PostgreSQL makes no cluster "main". A file of our own in createcluster.d, which
 * Debian's createcluster.conf includes last; a createcluster.conf without that line gets the setting itself, appended.
 */
export async function withoutMainCluster<T>(work: () => Promise<T>, folder = "/etc/postgresql-common"): Promise<T> {
  const main = `${folder}/createcluster.conf`;
  const before = existsSync(main) ? readFileSync(main, "utf8") : undefined;
  if (before !== undefined && !/^\s*include_dir\b/m.test(before)) {
    writeFileSync(main, `${before.replace(/\n?$/, "\n")}create_main_cluster = false\n`);
    return await work();
  }
  const ours = `${folder}/createcluster.d/state_hub_tests.conf`;
  mkdirSync(dirname(ours), { recursive: true });
  writeFileSync(ours, `${MARK}${process.pid}\ncreate_main_cluster = false\n`);
  try {
    return await work();
  } finally {
    rmSync(ours, { force: true });
    removeIfEmpty(dirname(ours));
  }
}

function refuses(policy: string): boolean {
  return Bun.spawnSync([policy, "postgresql", "start"], { stdio: ["ignore", "ignore", "ignore"] }).exitCode === DENIED;
}

function holderOf(policy: string): string | undefined {
  if (!existsSync(policy)) return undefined;
  return readFileSync(policy, "utf8").match(new RegExp(`^${MARK}(\\d+)`, "m"))?.[1];
}

function putBack(policy: string, aside: string): void {
  if (existsSync(aside)) renameSync(aside, policy);
  else rmSync(policy, { force: true });
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody else's settings live there: it stays.
  }
}
