// Files over a real sshd: what arrives is what was sent, for its owner alone, and a host that stalls or goes away half way
// fails in time.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SshConnection } from "../../../lib/ssh/connect.ts";
import { openSftp, type Sftp } from "../../../lib/ssh/sftp.ts";
import type { SftpFault } from "../../../lib/ssh/sftp_fault.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { connected, homeWithSshConfig, SFTP_SERVER } from "./ssh_scene.ts";

const folder = temporaryFolder();
const there = join(folder.path, "there");
const big = join(folder.path, "big");
let sshd: Sshd;
let home: string;
let connection: SshConnection;
let sftp: Sftp;

beforeAll(async () => {
  mkdirSync(there);
  writeFileSync(big, randomBytes(5_000_001));
  sshd = await startSshd();
  home = homeWithSshConfig(folder.path, sshd.sshConfig);
  connection = await connected(sshd, home);
  sftp = await openSftp(connection, { stalledAfterMs: 10_000 });
});
afterAll(async () => {
  connection.close();
  await sshd.stop();
  folder.remove();
});

const sha = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (fault: SftpFault) => fault.kind,
  );

/** With this command in the place of the SFTP server, `{server}` being the real one. */
async function through<T>(command: string, use: (sftp: Sftp) => Promise<T>, stalledAfterMs = 500): Promise<T> {
  sshd.fault({ command: command.replace("{server}", SFTP_SERVER ?? "no sftp-server") });
  const own = await connected(sshd, home);
  try {
    return await use(await openSftp(own, { stalledAfterMs }));
  } finally {
    own.close();
    sshd.fault(null);
  }
}

describe("openSftp()", () => {
  test("put() and get() carry a file whole, and what they write is for its owner alone", async () => {
    const seen: number[] = [];
    await sftp.makeFolder(join(there, "a"));
    await sftp.put(big, join(there, "a/part"), (sent) => seen.push(sent));
    await sftp.get(join(there, "a/part"), join(folder.path, "back"));
    expect([sha(join(there, "a/part")), sha(join(folder.path, "back"))]).toEqual([sha(big), sha(big)]);
    expect([modeOf(join(there, "a")), modeOf(join(there, "a/part")), modeOf(join(folder.path, "back"))]).toEqual([
      "700",
      "600",
      "600",
    ]);
    expect(Math.max(...seen)).toBe(5_000_001);
  });

  test("put() writes over nothing that is there", async () => {
    writeFileSync(join(there, "taken"), "kept");
    expect(await faultOf(sftp.put(big, join(there, "taken")))).toBe("refused");
    expect(readFileSync(join(there, "taken"), "utf8")).toBe("kept");
  });

  test("an empty file is a file", async () => {
    await sftp.putBytes(new Uint8Array(), join(there, "empty"));
    expect(await sftp.getBytes(join(there, "empty"), 10)).toEqual(Buffer.alloc(0));
  });

  test("getBytes() gives no more than was asked for", async () => {
    await sftp.putBytes(Buffer.from("0123456789"), join(there, "digits"));
    expect((await sftp.getBytes(join(there, "digits"), 4)).toString()).toBe("0123");
  });

  test("list() and entry() tell files, folders and links apart, and null is what is not there", async () => {
    const at = join(there, "kinds");
    mkdirSync(join(at, "folder"), { recursive: true });
    writeFileSync(join(at, "file"), "abc");
    symlinkSync("file", join(at, "link"));
    const kinds = Object.fromEntries((await sftp.list(at)).map(({ name, kind }) => [name, kind]));
    expect(kinds).toEqual({ folder: "folder", file: "file", link: "other" });
    expect((await sftp.entry(join(at, "link")))?.kind).toBe("other");
    expect((await sftp.entry(join(at, "link"), true))?.kind).toBe("file");
    expect(await sftp.entry(join(at, "nothing"))).toBeNull();
  });

  test("rename() takes the place of what is there at once", async () => {
    writeFileSync(join(there, "old"), "old");
    writeFileSync(join(there, "new"), "new");
    await sftp.rename(join(there, "new"), join(there, "old"));
    expect(readFileSync(join(there, "old"), "utf8")).toBe("new");
  });

  test("a server without OpenSSH's extensions still takes files, and rename() there needs a free name", async () => {
    const denied = "posix-rename,fsync,statvfs";
    const found = await through(`exec {server} -P ${denied}`, async (plain) => {
      await plain.put(big, join(there, "plain"));
      await plain.rename(join(there, "plain"), join(there, "plain2"));
      const taken = await faultOf(plain.rename(join(there, "plain2"), join(there, "taken")));
      return { taken, free: await plain.freeBytes(there) };
    });
    expect(found).toEqual({ taken: "refused", free: null });
    expect(sha(join(there, "plain2"))).toBe(sha(big));
  });

  test("freeBytes() tells the room that is left", async () => {
    expect(await sftp.freeBytes(there)).toBeGreaterThan(1_000_000);
  });

  test("a folder without the right to write, and one that is missing, are told apart", async () => {
    expect(await faultOf(sftp.list(join(there, "nowhere")))).toBe("missing");
    if (process.getuid?.() === 0) return;
    mkdirSync(join(there, "locked"));
    chmodSync(join(there, "locked"), 0o500);
    expect(await faultOf(sftp.put(big, join(there, "locked/x")))).toBe("denied");
  });
});

describe("openSftp() with a host that fails", () => {
  test("put() fails as stalled when nothing is answered half way, and nothing waits any longer", async () => {
    const started = performance.now();
    // Not for ever: when the connection is closed sshd leaves it behind.
    const command = "{ stdbuf -o0 head -c 1000000; exec sleep 20; } | {server}";
    expect(await through(command, (stalling) => faultOf(stalling.put(big, join(there, "stalled"))))).toBe("stalled");
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("get() fails as stalled when the answers stop half way", async () => {
    const command = "{server} | { stdbuf -o0 head -c 1000000; exec cat >/dev/null; }";
    const kind = await through(command, (stalling) => faultOf(stalling.get(big, join(folder.path, "half"))));
    expect(kind).toBe("stalled");
  });

  test("put() fails as lost, at once, when the connection is cut half way", async () => {
    const started = performance.now();
    const command = "stdbuf -o0 head -c 1000000 | {server}";
    expect(await through(command, (cut) => faultOf(cut.put(big, join(there, "cut"))), 10_000)).toBe("lost");
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("put() fails as refused when there is no room", async () => {
    const command = `trap "" XFSZ; ulimit -f 1000; exec {server}`;
    expect(await through(command, (full) => faultOf(full.put(big, join(there, "full"))), 10_000)).toBe("refused");
  });

  test("a slow line is no stall, as long as answers come", async () => {
    const file = join(folder.path, "some");
    writeFileSync(file, randomBytes(400_000));
    const slow = `${process.execPath} ${join(import.meta.dir, "../../support/trickle.ts")} 300000`;
    const command = `${slow} | {server}`;
    expect(await through(command, (sftp) => faultOf(sftp.put(file, join(there, "slowly"))), 800)).toBe("done");
  });

  test("a host without SFTP says so", async () => {
    await expect(through("exit 1", async () => {})).rejects.toThrow("no SFTP");
  });
});

describe("what a cut connection leaves", () => {
  test("is none of our processes and no listener: a second connection works at once", async () => {
    const own = await connected(sshd, home);
    const files = await openSftp(own, { stalledAfterMs: 1_000 });
    own.close();
    expect(await faultOf(files.list(there))).toBe("lost");
    const again = await connected(sshd, home);
    expect((await (await openSftp(again, { stalledAfterMs: 1_000 })).list(there)).length).toBe(
      readdirSync(there).length,
    );
    again.close();
  });
});
