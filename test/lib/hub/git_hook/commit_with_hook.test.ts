// Real commits with the hook in place: the hub is asked, and nobody who commits waits, sees anything or fails because of it,
// whatever is missing, broken or slow.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installHook } from "../../../../lib/hub/git_hook/hook_of_repo.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { makeRepo, type TestRepo, temporaryFolder } from "../../../support/git_repo.ts";
import {
  bareEnvironment,
  COMMIT,
  commandLines,
  finish,
  hookedRepo,
  type ListeningHub,
  listeningHub,
} from "./commit_scene.ts";

const folder = temporaryFolder();
let repo: TestRepo;
let hook: string;
beforeAll(async () => {
  repo = await hookedRepo(folder.path, "garden");
  hook = join(repo.path, ".git/hooks/post-commit");
});
afterAll(() => folder.remove());

const env = (more: Record<string, string> = {}) => bareEnvironment(folder.path, more);
const commit = (more: Record<string, string>, at = repo.path) => finish(COMMIT, at, env(more));
const FINE = { code: 0, said: "" };

async function withHub(work: (hub: ListeningHub) => Promise<void>, options?: Parameters<typeof listeningHub>[0]) {
  const hub = listeningHub(options);
  try {
    await work(hub);
  } finally {
    await hub.stop();
  }
}

/** Until nothing that the hook started is left. */
const quiet = () =>
  waitUntil({ forWhat: "the hook's processes to end", deadlineMs: 15_000 }, () => {
    const left = commandLines(folder.path).filter((line) => / state-hub-sync /.test(line));
    return left.length === 0 ? { found: true } : { seen: left.join("; ") };
  });

describe("a commit", () => {
  test("asks the hub once, to read this repository, without waiting for the outcome", async () => {
    await withHub(async (hub) => {
      expect(await commit({ STATE_HUB_URL: `${hub.url}/` })).toEqual(FINE);
      await hub.heard(1);
      await quiet();
      expect(hub.asked).toHaveLength(1);
      const [{ method, path, body, headers } = { headers: {} }] = hub.asked as [(typeof hub.asked)[number]];
      expect({ method, path, body }).toEqual({
        method: "POST",
        path: "/repos/garden/sync",
        body: '{"source":"git-hook"}',
      });
      expect(headers).toMatchObject({ prefer: "respond-async", "content-type": "application/json" });
      expect(headers).not.toHaveProperty("authorization");
    });
  });

  test("is done while the hub still holds the request, its output closed and its locks free", async () => {
    await withHub(
      async (hub) => {
        const lock = join(folder.path, "lock");
        const script = `exec 9>'${lock}'; flock 9; git commit --quiet --allow-empty --message x`;
        const ran = await finish(["bash", "-c", script], repo.path, env({ STATE_HUB_URL: hub.url }));
        await hub.heard(1);
        expect(ran).toEqual(FINE);
        expect(await finish(["flock", "-n", lock, "true"], "/", env())).toEqual(FINE);
        const sender = commandLines(folder.path).find((line) => line.startsWith("curl "));
        expect(sender).toContain("--connect-timeout 2 --max-time 10");
        expect(hub.held()).toBe(1);
      },
      { holds: true },
    );
    await quiet();
  });

  test("of our own git asks nobody", async () => {
    await withHub(async (hub) => {
      expect(await commit({ STATE_HUB_URL: hub.url, STATE_HUB_SYNC: "1" })).toEqual(FINE);
      expect(await commit({ STATE_HUB_URL: hub.url })).toEqual(FINE);
      await hub.heard(1);
      await quiet();
      expect(hub.asked).toHaveLength(1);
    });
  });

  test("with git's own variables set, another index among them, asks like any other", async () => {
    await withHub(async (hub) => {
      const git = {
        GIT_DIR: join(repo.path, ".git"),
        GIT_WORK_TREE: repo.path,
        GIT_INDEX_FILE: join(repo.path, ".git/other-index"),
      };
      expect(await finish(["git", "read-tree", "HEAD"], "/", env(git))).toEqual(FINE);
      expect(await finish(COMMIT, "/", env({ ...git, STATE_HUB_URL: hub.url }))).toEqual(FINE);
      await hub.heard(1);
    });
    await quiet();
  });
});

describe("the token", () => {
  const TOKEN = "s3cret-Token.of~this+test/42=";
  const home = join(folder.path, "hub home");
  const file = join(folder.path, "token file");
  beforeAll(() => {
    mkdirSync(home);
    writeFileSync(join(home, "token"), TOKEN);
    writeFileSync(file, `${TOKEN}\n`);
  });

  for (const [from, variables] of [
    ["the environment", { STATE_HUB_TOKEN: TOKEN }],
    ["a file that is named", { STATE_HUB_TOKEN_FILE: file, STATE_HUB_TOKEN: "another" }],
    ["the hub's home", { STATE_HUB_HOME: home }],
  ] as const) {
    test(`comes from ${from} when the commit is made, and stands in no command line and not in the hook`, async () => {
      await withHub(
        async (hub) => {
          expect(await commit({ STATE_HUB_URL: hub.url, ...variables })).toEqual(FINE);
          await hub.heard(1);
          expect(hub.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
          const lines = commandLines(folder.path);
          expect(lines.some((line) => line.startsWith("curl "))).toBe(true);
          expect(lines.filter((line) => line.includes(TOKEN))).toEqual([]);
          expect(readFileSync(hook, "utf8")).not.toContain(TOKEN);
        },
        { holds: true },
      );
      await quiet();
    });
  }

  test("that would end its header is not sent, nor is anything else", async () => {
    await withHub(async (hub) => {
      expect(await commit({ STATE_HUB_URL: hub.url, STATE_HUB_TOKEN: 'x"\nurl = "http://127.0.0.1:1/' })).toEqual(FINE);
      await quiet();
      expect(hub.asked).toEqual([]);
    });
  });
});

describe("the commit is made, with nothing said and exit 0, when", () => {
  test("the hub is down, answers 500, or there is no such place", async () => {
    const gone = listeningHub();
    await gone.stop();
    expect(await commit({ STATE_HUB_URL: gone.url })).toEqual(FINE);
    expect(await commit({ STATE_HUB_URL: "not a url" })).toEqual(FINE);
    expect(await commit({ STATE_HUB_URL: "file:///etc/passwd" })).toEqual(FINE);
    await withHub(
      async (hub) => {
        expect(await commit({ STATE_HUB_URL: hub.url })).toEqual(FINE);
        await hub.heard(1);
      },
      { status: 500 },
    );
    await quiet();
  });

  test("curl or setsid is missing", async () => {
    const bin = join(folder.path, "bin");
    mkdirSync(bin);
    for (const program of ["git", "sh", "id", "env"]) symlinkSync(`/usr/bin/${program}`, join(bin, program));
    await withHub(async (hub) => {
      expect(await commit({ STATE_HUB_URL: hub.url, PATH: bin })).toEqual(FINE);
      await quiet();
      expect(hub.asked).toEqual([]);
      symlinkSync("/usr/bin/curl", join(bin, "curl"));
      expect(await commit({ STATE_HUB_URL: hub.url, PATH: bin })).toEqual(FINE);
      await hub.heard(1);
    });
    await quiet();
  });

  test("no file can be written, there is no HOME, and the folder is gone", async () => {
    const script = `ulimit -f 0; unset HOME; mkdir gone; cd gone; rmdir ../gone; exec '${hook}'`;
    await withHub(async (hub) => {
      const variables = env({ STATE_HUB_URL: hub.url, TMPDIR: "/nowhere" });
      // The shell itself may say that it cannot tell where it is.
      expect((await finish(["bash", "-c", script], folder.path, variables)).code).toBe(0);
      await hub.heard(1);
    });
    await quiet();
  });

  test("its client has closed every stream, and shells trace, stop at errors and at unset names", async () => {
    await withHub(async (hub) => {
      const script = "git commit --quiet --allow-empty --message x <&- >&- 2>&-";
      const shell = { SHELLOPTS: "errexit:nounset:xtrace:pipefail", IFS: "set" };
      const variables = env({ STATE_HUB_URL: hub.url, ...shell });
      expect(await finish(["sh", "-c", script], repo.path, variables)).toEqual(FINE);
      await hub.heard(1);
    });
    await quiet();
  });

  test("a proxy is set that leads nowhere, and a .curlrc that forbids it", async () => {
    writeFileSync(join(folder.path, ".curlrc"), 'proto = "=ftp"\n');
    await withHub(async (hub) => {
      const proxy = { http_proxy: "http://127.0.0.1:1", ALL_PROXY: "http://127.0.0.1:1" };
      expect(await commit({ STATE_HUB_URL: hub.url, ...proxy })).toEqual(FINE);
      await hub.heard(1);
    });
    await quiet();
  });
});

test("somebody else's hook runs as before: its arguments, its status, its own wait, its exit", async () => {
  const other = await makeRepo(folder.path, 'it\'s a\nrepo "here"', {});
  const at = join(other.path, ".git/hooks/post-commit");
  const script = '#!/bin/bash -eu\necho "$? $# $-" >out; sleep 0 & wait; echo waited >>out\nexit 3\n';
  writeFileSync(at, script);
  chmodSync(at, 0o750);
  expect((await installHook({ path: other.path, slug: "other" }, false)).did).toBe("installed");
  await withHub(
    async (hub) => {
      const { code } = await commit({ STATE_HUB_URL: hub.url }, other.path);
      await hub.heard(1);
      const sending = commandLines(folder.path).some((line) => line.startsWith("curl "));
      expect({ code, held: hub.held(), sending }).toEqual({ code: 0, held: 1, sending: true });
      expect(readFileSync(join(other.path, "out"), "utf8")).toBe("0 0 ehuB\nwaited\n");
      expect(hub.asked[0]?.path).toBe("/repos/other/sync");
    },
    { holds: true },
  );
  await quiet();
});
