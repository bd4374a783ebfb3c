// What a store promises, on a folder and on a real sshd alike: whole files for their owner alone, no way out of it by names or
// links, words for each refusal, and nothing left half.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../../../../lib/drill/store/open_store.ts";
import type { OpsFailure } from "../../../../lib/failure.ts";
import { SFTP_SERVER } from "../../ssh/ssh_scene.ts";
import { type StoreScene, sha256, storeScene } from "./store_scene.ts";

const scenes = new Map<"folder" | "sftp", StoreScene>();
const sceneOf = (kind: "folder" | "sftp") => scenes.get(kind) as StoreScene;
beforeAll(async () => {
  for (const kind of ["folder", "sftp"] as const) scenes.set(kind, await storeScene(kind));
});
afterAll(async () => {
  for (const scene of scenes.values()) await scene.end();
});

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const failureOf = (work: Promise<unknown>): Promise<OpsFailure> =>
  work.then(
    () => {
      throw new Error("It did not fail");
    },
    (error) => error,
  );
const BIG = 3_000_001;

function bigFile(scene: StoreScene): string {
  const file = join(scene.scratch, "big");
  if (!existsSync(file)) writeFileSync(file, randomBytes(BIG));
  return file;
}

describe.each(["folder", "sftp"] as const)("a %s store", (kind) => {
  test("makes its folder for its owner alone, and finds it again", async () => {
    const { store, folder, target } = await sceneOf(kind).open();
    expect(modeOf(folder)).toBe("700");
    await store.close();
    const again = await openStore(target, { ...sceneOf(kind).options, make: false });
    expect(await again.folders()).toEqual([]);
    await again.close();
  });

  test("carries files there and back, of mode 600 in folders of mode 700, and says how far it is", async () => {
    const scene = sceneOf(kind);
    const { store, folder } = await scene.open();
    const file = bigFile(scene);
    const seen: number[] = [];
    await store.makeFolder("b1");
    await store.put(file, "b1/part", ({ bytes }) => seen.push(bytes ?? 0));
    await store.fetch("b1/part", join(scene.scratch, "back"));
    await store.writeText("b1/text.json", "first");
    await store.writeText("b1/text.json", "zweite ü");
    expect([sha256(join(folder, "b1/part")), sha256(join(scene.scratch, "back"))]).toEqual([
      sha256(file),
      sha256(file),
    ]);
    expect(["b1", "b1/part", "b1/text.json"].map((name) => modeOf(join(folder, name)))).toEqual(["700", "600", "600"]);
    expect(Math.max(...seen)).toBe(BIG);
    expect(await store.readText("b1/text.json", 100)).toBe("zweite ü");
    expect(await store.readText("b1/nothing.json", 100)).toBeNull();
    expect((await store.files("b1")).map(({ name, bytes }) => `${name} ${bytes}`).sort()).toEqual([
      `part ${BIG}`,
      "text.json 9",
    ]);
    expect(await store.folders()).toEqual(["b1"]);
    expect(await store.freeBytes()).toBeGreaterThan(1_000_000);
    await store.remove("b1");
    await store.remove("b1");
    expect(readdirSync(folder)).toEqual([]);
    await store.close();
  });

  test("does not make a folder twice, nor read more than it was allowed to", async () => {
    const { store, folder } = await sceneOf(kind).open();
    await store.makeFolder("b1");
    expect((await failureOf(store.makeFolder("b1"))).where).toBe(store.target);
    writeFileSync(join(folder, "b1/large.json"), "x".repeat(1001));
    expect((await failureOf(store.readText("b1/large.json", 1000))).observed).toContain("b1/large.json");
    await store.close();
  });

  test("follows no link, and sees no name that is none", async () => {
    const scene = sceneOf(kind);
    const { store, folder } = await scene.open();
    const outside = join(scene.scratch, `outside-${kind}`);
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "secret");
    mkdirSync(join(folder, "b1"));
    symlinkSync(outside, join(folder, "linked"));
    symlinkSync(join(outside, "secret"), join(folder, "b1/manifest.json"));
    for (const name of ["\x1b[2Jx", "a b", ".hidden", "-rf", "ünlesbar"]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, "b1", name), "");
    }
    expect(await store.folders()).toEqual(["b1"]);
    expect(await store.files("b1")).toEqual([]);
    expect(await store.files("linked")).toEqual([]);
    expect(await store.readText("linked/secret", 100)).toBeNull();
    expect((await failureOf(store.readText("b1/manifest.json", 100))).observed).toContain("symbolic link");
    expect((await failureOf(store.fetch("b1/manifest.json", join(scene.scratch, "x")))).observed).toContain(
      "symbolic link",
    );
    await failureOf(store.fetch("linked/secret", join(scene.scratch, "x")));
    await store.remove("linked");
    await store.remove("b1");
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    await store.close();
  });

  test.each(["../b1", "b1/../x", "/etc/passwd", "b1/a/b", "", ".", "b1/\n"])(
    "takes %p for no path in it",
    async (path) => {
      const { store } = await sceneOf(kind).open();
      expect((await failureOf(store.readText(path, 10))).message).toBe("Could not use a name in the store");
      await store.close();
    },
  );

  test("says when a file stands in its place, when its parent is missing, and when it is not to be made", async () => {
    const scene = sceneOf(kind);
    const { store, folder, target } = await scene.open();
    await store.close();
    writeFileSync(join(folder, "file"), "");
    expect((await failureOf(openStore(`${target}/file`, scene.options))).observed).toContain(
      "a file stands where the folder should be",
    );
    expect((await failureOf(openStore(`${target}/no/where`, scene.options))).observed).toContain("it is not there");
    expect((await failureOf(openStore(`${target}/new`, { ...scene.options, make: false }))).observed).toContain(
      "it is not there",
    );
    expect(existsSync(join(folder, "new"))).toBe(false);
  });

  test("stops with the signal's reason, and can still take away what was written", async () => {
    const stop = new AbortController();
    const { store, folder } = await sceneOf(kind).open({ signal: stop.signal });
    await store.makeFolder("b1");
    const file = bigFile(sceneOf(kind));
    const stopped = store.put(file, "b1/part", () => stop.abort(new Error("stopped by a person")));
    await expect(stopped).rejects.toThrow("stopped by a person");
    await expect(store.files("b1")).rejects.toThrow("stopped by a person");
    expect(existsSync(join(folder, "b1/part"))).toBe(false);
    await store.remove("b1");
    expect(readdirSync(folder)).toEqual([]);
    await store.close();
  });
});

describe("a folder store", () => {
  test("takes over what was written right into it", async () => {
    const { store, folder } = await sceneOf("folder").open();
    await store.makeFolder("b1");
    writeFileSync(store.localPath("b1/part") ?? "", "bytes", { mode: 0o644 });
    await store.put(join(folder, "b1/part"), "b1/part");
    expect([modeOf(join(folder, "b1/part")), readdirSync(join(folder, "b1"))]).toEqual(["600", ["part"]]);
  });

  test("says how much room is left when the disk is full, and leaves no half", async () => {
    const mount = join(sceneOf("folder").scratch, "small");
    mkdirSync(mount);
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]).exitCode === 0;
    // Without the right to mount, another's full disk is not to be had.
    if (!mounted) return;
    try {
      const store = await openStore(mount, sceneOf("folder").options);
      await store.makeFolder("b1");
      const failure = await failureOf(store.put(bigFile(sceneOf("folder")), "b1/part"));
      expect(failure.observed).toContain("b1/part: no room is left");
      expect(failure.hint).toContain("df -h");
      expect(readdirSync(join(mount, "b1"))).toEqual([]);
    } finally {
      Bun.spawnSync(["umount", mount]);
    }
  });
});

describe("an sftp store", () => {
  /** With another command in the place of the SFTP server for the connections of `work`. */
  async function through(command: string, work: () => Promise<void>): Promise<void> {
    sceneOf("sftp").sshd?.fault({ command: command.replace("{server}", SFTP_SERVER ?? "none") });
    try {
      await work();
    } finally {
      sceneOf("sftp").sshd?.fault(null);
    }
  }
  const half = "stdbuf -o0 head -c 1000000";

  test.each([
    ["stalls", `{ ${half}; exec sleep 20; } | {server}`, "the host stalled: nothing came for 0.5 s"],
    ["is cut", `${half} | {server}`, "the connection was cut"],
    ["has no room", 'trap "" XFSZ; ulimit -f 1000; exec {server}', "MB are free; a quota, a full disk"],
  ])(
    "that %s half way names the store and the part, and the next connection takes away what was left",
    async (_, command, words) => {
      const scene = sceneOf("sftp");
      const { store: before, folder, target } = await scene.open();
      await before.close();
      await through(command, async () => {
        const store = await openStore(target, { ...scene.options, stalledAfterMs: 500 });
        await store.makeFolder("b1");
        const failure = await failureOf(store.put(bigFile(scene), "b1/part"));
        expect(failure.message).toBe("Could not write to the store");
        expect(failure.observed).toContain("b1/part: ");
        expect(failure.observed).toContain(words);
        expect(failure.where).toBe(target);
        expect(failure.hint).toMatch(/^printf '%s\\n' 'ls -la .*' 'df -h .*' \| sftp -b - /);
        scene.sshd?.fault(null);
        await store.remove("b1");
        await store.close();
      });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test("refuses a password in its name, and prints none", async () => {
    const failure = await failureOf(
      Promise.resolve().then(() => openStore("sftp://me:hunter2@vault.example/b", sceneOf("sftp").options)),
    );
    expect(failure.kind).toBe("usage");
    expect(Bun.inspect(failure)).not.toContain("hunter2");
  });

  test("that is not the host that it was is sent nothing", async () => {
    const scene = sceneOf("sftp");
    const { store, target } = await scene.open();
    await store.close();
    const { homeWithSshConfig } = await import("../../ssh/ssh_scene.ts");
    const home = homeWithSshConfig(scene.scratch, scene.sshd?.sshConfigWithWrongKey ?? "");
    const failure = await failureOf(openStore(target, { ...scene.options, stateHubHome: home }));
    expect(failure.message).toBe("Could not trust the host");
  });
});
