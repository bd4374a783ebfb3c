import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeStartLock } from "../../../lib/postgres/start_lock.ts";

let directory: string;
let lockFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "state-hub-lock-"));
  lockFile = join(directory, "lock");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("takeStartLock() lets one in, says whom it waits for, and lets the next in after it", async () => {
  const first = await takeStartLock(lockFile, 1_000);
  await expect(takeStartLock(lockFile, 50)).rejects.toMatchObject({
    observed: `another run holds ${lockFile}`,
    hint: `see who is at it: fuser -v ${lockFile}`,
  });
  first.release();
  (await takeStartLock(lockFile, 1_000)).release();
});

test("takeStartLock() holds although its holder forgot the handle, and is free the moment that one was killed", async () => {
  const module = join(import.meta.dir, "../../../lib/postgres/start_lock.ts");
  const program = `const { takeStartLock } = await import(${JSON.stringify(module)});
    await takeStartLock(${JSON.stringify(lockFile)}, 1000); Bun.gc(true); console.log("held"); setInterval(() => {}, 1000);`;
  const holder = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  try {
    await holder.stdout.getReader().read();
    await expect(takeStartLock(lockFile, 50)).rejects.toThrow("our turn");
  } finally {
    holder.kill("SIGKILL");
  }
  await holder.exited;
  (await takeStartLock(lockFile, 1_000)).release();
}, 30_000);
