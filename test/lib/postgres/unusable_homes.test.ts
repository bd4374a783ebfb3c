import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../lib/config.ts";
import { embeddedStatus } from "../../../lib/postgres/embedded_status.ts";
import { startEmbedded } from "../../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../../lib/postgres/stop_embedded.ts";
import { probe, removeHome, temporaryHome } from "../../support/embedded_home.ts";
import { preparedHome } from "../../support/prepared_home.ts";

const WATCHDOG = 90_000;
const NOBODY = 65_534;
const env = environmentForPrograms();
const asRoot = process.getuid?.() === 0;
let home: string;

beforeEach(() => {
  home = temporaryHome();
});
afterEach(async () => {
  chmodSync(home, 0o755);
  await removeHome(home);
}, WATCHDOG);

/** A home with a cluster in it. */
async function insteadOf(empty: string): Promise<string> {
  rmSync(empty, { recursive: true });
  return preparedHome();
}

function start(binaries?: "system" | "npm") {
  return startEmbedded({ home, env, connect: probe, ...(binaries === undefined ? {} : { binaries }) });
}

/** The same by an account that may do nothing here: as root, somebody else; else, ourselves. */
async function startAsStranger(at: string): Promise<{ failed?: string; hint?: string }> {
  const options = { home: at, ...(asRoot ? { uid: NOBODY } : {}) };
  const argv = [process.execPath, join(import.meta.dir, "start_once.ts"), JSON.stringify(options)];
  const child = Bun.spawn(argv, { stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await new Response(child.stdout).text());
}

test("startEmbedded() says that the home is a file", async () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  await expect(startEmbedded({ home: file, env, connect: probe })).rejects.toMatchObject({
    observed: "it is a file",
    where: file,
    hint: expect.stringContaining("STATE_HUB_HOME"),
  });
});

test(
  "startEmbedded() names the closed folder, its owner and who we are when we may not read or write the home",
  async () => {
    const closed = join(home, "closed");
    for (const mode of [0o500, 0o000]) {
      mkdirSync(closed, { recursive: true });
      chmodSync(closed, mode);
      const { failed, hint } = await startAsStranger(closed);
      expect(failed).toContain(`permission denied for ${asRoot ? "nobody (uid 65534)" : ""}`);
      expect(failed).toContain(closed);
      expect(hint).toContain("ls -ld");
    }
    const { failed } = await startAsStranger(join(closed, "deeper/still"));
    chmodSync(closed, 0o755);
    expect(failed).toContain(closed);
  },
  WATCHDOG,
);

test(
  "startEmbedded() refuses another account's cluster by name",
  async () => {
    home = await insteadOf(home);
    chmodSync(home, 0o777);
    const { failed } = await startAsStranger(home);
    expect(failed).toContain("postgres-15");
    expect(failed).toMatch(/permission denied for nobody|it belongs to/);
  },
  WATCHDOG,
);

test("startEmbedded() as root names the folder that the server's account may not enter", async () => {
  const hidden = join(home, "hidden");
  mkdirSync(hidden, { mode: 0o700 });
  const at = join(hidden, "home");
  await expect(startEmbedded({ home: at, env, connect: probe })).rejects.toMatchObject({
    observed: expect.stringContaining(`may not enter ${hidden}, which is mode 0700 of root`),
    hint: "export STATE_HUB_HOME=/var/lib/state-hub",
  });
  // The home itself is ours to open; what is above it may be closed on purpose.
  await expect(startEmbedded({ home: hidden, env, connect: probe })).rejects.toMatchObject({
    hint: `chmod o+x ${hidden}`,
  });
});

test(
  "startEmbedded() as root runs an existing cluster as its owner, whoever that is",
  async () => {
    home = await insteadOf(home);
    Bun.spawnSync(["chown", "-R", String(NOBODY), join(home, "postgres-15")]);
    const { pid } = await start();
    expect(
      Bun.spawnSync(["ps", "-o", "uid=", "-p", String(pid)])
        .stdout.toString()
        .trim(),
    ).toBe(String(NOBODY));
  },
  WATCHDOG,
);

const NO_CLUSTERS: [string, Record<string, string>, RegExp][] = [
  ["another major version", { PG_VERSION: "14\n" }, /made by PostgreSQL 14/],
  ["a folder that is no cluster", { "notes.txt": "mine" }, /no PG_VERSION/],
];
for (const [name, files, observed] of NO_CLUSTERS) {
  test(`startEmbedded() leaves ${name} in the cluster's place untouched`, async () => {
    const place = join(home, "postgres-15");
    mkdirSync(place);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text);
    await expect(start()).rejects.toMatchObject({ observed: expect.stringMatching(observed), where: place });
    expect(readdirSync(place)).toEqual(Object.keys(files));
  });
}

test(
  "startEmbedded() takes an empty folder in the cluster's place, and misses a lost password by name",
  async () => {
    mkdirSync(join(home, "postgres-15"));
    await start();
    rmSync(join(home, "postgres-15/state_hub.password"));
    await expect(start()).rejects.toMatchObject({ observed: expect.stringContaining("state_hub.password is missing") });
  },
  WATCHDOG,
);

// --- a full disk: a small file system of its own. Where it can't be mounted these fail; they never pass unseen. ---

function mount(...options: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", options.join(","), "tmpfs", home]);
  if (exitCode !== 0) throw new Error(`This test needs a small file system (root, CAP_SYS_ADMIN): ${stderr}`);
  chmodSync(home, 0o755);
}

async function onSmallDisk(size: string, work: () => Promise<void>): Promise<void> {
  mount(`size=${size}`);
  try {
    await work();
  } finally {
    try {
      await stopEmbedded({ home, env });
    } finally {
      // -l: also while a server that could not be stopped still has files open in it.
      Bun.spawnSync(["umount", "-l", home]);
    }
  }
}

/** Fills what is left, to the last block. */
function fillDisk(): string {
  const filler = join(home, "filler");
  const left = () => statfsSync(home).bavail * statfsSync(home).bsize;
  Bun.spawnSync(["dd", "if=/dev/zero", `of=${filler}`, "bs=64k"], { stderr: "ignore" });
  expect(left()).toBe(0);
  return filler;
}

for (const binaries of ["system", "npm"] as const) {
  test(
    `startEmbedded() on a disk too small for a cluster ("${binaries}") leaves nothing behind, and works with space`,
    async () => {
      await onSmallDisk("24m", async () => {
        await expect(start(binaries)).rejects.toMatchObject({
          observed: expect.stringContaining("no space left on device"),
          hint: expect.stringContaining("df -h"),
        });
        const left = readdirSync(home, { recursive: true }).filter((name) => String(name).includes(".tmp"));
        expect(left).toEqual([]);
        expect(embeddedStatus({ home }).state).toBe("absent");
        mount("remount", "size=400m");
        expect(await start(binaries)).toMatchObject({ started: true });
      });
    },
    WATCHDOG,
  );
}

test(
  "startEmbedded() on a disk that is full says so, and starts the same cluster once there is space",
  async () => {
    await onSmallDisk("200m", async () => {
      const { dataDirectory } = await start();
      await stopEmbedded({ home, env });
      const filler = fillDisk();
      await expect(start()).rejects.toMatchObject({
        observed: expect.stringContaining("no space left on device"),
        hint: expect.stringContaining("df -h"),
      });
      rmSync(filler);
      expect(await start()).toMatchObject({ started: true, dataDirectory });
      expect(existsSync(join(dataDirectory, "postmaster.pid"))).toBe(true);
    });
  },
  WATCHDOG,
);
