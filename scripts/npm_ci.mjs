#!/usr/bin/env node
// Installs what package-lock.json names, if node_modules has it not already: the first step of every `npm run`.
// It guards the newcomer's first minute against their npm's settings, a half-done install and a second run beside it.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
export const BUN = join(ROOT, "scripts/bun");
const INSTALL_LOCK = join(ROOT, "npm_ci_running.tmp");
const INSTALL_WAIT_MS = 10 * 60_000;

/**
 * What package-lock.json wants and node_modules has not, as "name version". npm keeps its own record of what it
 * installed (node_modules/.package-lock.json) and writes it last, so a broken install counts as none.
 * Optional packages are left out: of the builds for other machines none is installed, and `npm ci` deletes
 * node_modules before it downloads, so it must not start for something that can be done without.
 * @param {{ packages: Record<string, { version?: string, integrity?: string, optional?: boolean }> }} lock
 * @param {{ packages?: Record<string, { integrity?: string }> }} installed
 * @returns {string[]}
 */
export function missingPackages(lock, installed) {
  return Object.entries(lock.packages)
    .filter(([path, wanted]) => path !== "" && wanted.optional !== true)
    .filter(([path, wanted]) => {
      const found = installed.packages?.[path];
      return found === undefined || found.integrity !== wanted.integrity;
    })
    .map(([path, wanted]) => `${path.slice(path.lastIndexOf("node_modules/") + 13)} ${wanted.version}`);
}

/** Why node_modules can't be used as it is, or "" when it can. Asks the disk and Bun itself; no network. */
function whyInstall() {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const missing = missingPackages(lock, recordOfInstalled());
  if (missing.length > 1) return `node_modules lacks ${missing[0]} and ${missing.length - 1} more`;
  if (missing.length === 1) return `node_modules lacks ${missing[0]}`;
  const wanted = lock.packages["node_modules/bun"].version;
  const bun = spawnSync(BUN, ["--version"], { encoding: "utf8" });
  if (bun.stdout?.trim() === wanted) return "";
  const seen = bun.signal ?? (bun.stderr?.trim().split("\n")[0] || bun.stdout?.trim() || bun.error?.message);
  return `Bun ${wanted} does not run here (${seen})`;
}

function recordOfInstalled() {
  try {
    return JSON.parse(readFileSync(join(ROOT, "node_modules/.package-lock.json"), "utf8"));
  } catch {
    return {};
  }
}

/**
 * @returns {Promise<number>} 0, or 128 + the signal that ended the install
 * @throws {Error} when the install failed, or said it had not and yet something is missing
 */
export async function installWhatIsMissing() {
  if (whyInstall() === "") return 0;
  return await withInstallLock(async () => {
    const why = whyInstall();
    if (why === "") return 0;
    say(`Installing what package-lock.json names (npm ci): ${why}`);
    const code = await run([...npm(), ...NPM_CI], { stdio: ["ignore", 2, 2] }, handLockTo);
    if (code >= 128) return code;
    if (code !== 0) throw new Error(`Could not install: npm ci ended with ${code}; its reason stands above`);
    const still = whyInstall();
    if (still !== "") throw new Error(`Could not install: npm ci said it did, yet ${still}`);
    return 0;
  });
}

// Said in full, because npm hands its own settings down to us in npm_config_*: NODE_ENV=production or `omit` would leave
// out what the checks need, `package-lock=false` and `dry-run` would make npm ci refuse or do nothing.
const NPM_CI =
  "ci --include=dev --include=optional --ignore-scripts --package-lock --no-dry-run --no-global --no-audit --no-fund".split(
    " ",
  );

/** The npm that called us, else the one on PATH. pnpm and yarn set npm_execpath too, and know no `npm ci`. */
function npm() {
  const caller = process.env.npm_execpath ?? "";
  return basename(caller) === "npm-cli.js" ? [process.execPath, caller] : ["npm"];
}

/**
 * Runs `work` while no other run installs into this clone. The lock is a symlink whose target is the holder's pid:
 * made in one step, content included, on every file system, so nobody ever reads a half-written lock.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withInstallLock(work) {
  const deadline = Date.now() + INSTALL_WAIT_MS;
  for (let told = false; !takeLock(INSTALL_LOCK); told = true) {
    const holder = lockHolder(INSTALL_LOCK);
    if (holder !== undefined && !isRunning(holder)) removeStaleLock(holder);
    else if (!told) say(`Waiting for process ${holder}, which installs into this clone`);
    if (Date.now() > deadline) {
      throw new Error(`Could not install: process ${holder} still holds ${INSTALL_LOCK}\nTry: rm ${INSTALL_LOCK}*`);
    }
    await delay(200);
  }
  try {
    return await work();
  } finally {
    rmSync(INSTALL_LOCK, { force: true });
  }
}

/** @param {string} path */
function takeLock(path) {
  try {
    symlinkSync(String(process.pid), path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** npm outlives us when we are killed: as long as it writes, the lock must stand. @param {number} pid */
function handLockTo(pid) {
  const next = `${INSTALL_LOCK}.next.tmp`;
  rmSync(next, { force: true });
  symlinkSync(String(pid), next);
  renameSync(next, INSTALL_LOCK);
}

/** @param {string} path */
function lockHolder(path) {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Only one may remove a dead run's lock, and only after a second look: else it could take a new holder's away.
 * @param {string} holder */
function removeStaleLock(holder) {
  const removing = `${INSTALL_LOCK}.stale.tmp`;
  if (!takeLock(removing)) return;
  if (lockHolder(INSTALL_LOCK) === holder) rmSync(INSTALL_LOCK, { force: true });
  rmSync(removing, { force: true });
}

/** @param {string} pid */
function isRunning(pid) {
  try {
    return Number(pid) !== process.pid && process.kill(Number(pid), 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

/**
 * Starts a program in the repository and waits for it. Ctrl-C reaches it from the terminal; we only stay to hand on
 * its exit code. SIGTERM and SIGHUP come to us alone and are passed on.
 * @param {string[]} argv
 * @param {import("node:child_process").SpawnOptions} options
 * @param {(pid: number) => void} started
 * @returns {Promise<number>} its exit code, or 128 + the signal that ended it
 */
export function run([program, ...args], options, started = (_pid) => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: "inherit", ...options });
    if (child.pid !== undefined) started(child.pid);
    const stay = () => {};
    const passOn = (signal) => child.kill(signal);
    process.on("SIGINT", stay).on("SIGTERM", passOn).on("SIGHUP", passOn);
    child.on("error", (error) => reject(new Error(`Could not start ${program}: ${error.message}`)));
    child.on("close", (code, signal) => {
      process.off("SIGINT", stay).off("SIGTERM", passOn).off("SIGHUP", passOn);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) {
  try {
    process.exitCode = await installWhatIsMissing();
  } catch (error) {
    say(error.message);
    process.exitCode = 2;
  }
}
