// A repository with the hook in it, commits as a person's client makes them, and a hub that notes what it is asked and
// answers when the test says so.
import { readdirSync, readFileSync } from "node:fs";
import { installHook } from "../../../../lib/hub/git_hook/hook_of_repo.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { makeRepo, type TestRepo } from "../../../support/git_repo.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ListeningHub {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** How many requests have no answer yet. */
  held(): number;
  /** Answers all that wait, and from then on at once. */
  release(): void;
  /** Until it was asked so often. */
  heard(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param holds whether it keeps its answers back until release() */
export function listeningHub({ holds = false, status = 202 } = {}): ListeningHub {
  const asked: Asked[] = [];
  const gate = Promise.withResolvers<void>();
  let held = 0;
  if (!holds) gate.resolve();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const headers = Object.fromEntries(request.headers.entries());
      asked.push({ method: request.method, path: pathname, headers, body: await request.text() });
      held++;
      await gate.promise;
      held--;
      return new Response("{}", { status });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    held: () => held,
    release: () => gate.resolve(),
    heard: (count) =>
      waitUntil({ forWhat: `${count} requests`, deadlineMs: 20_000 }, () =>
        asked.length >= count ? { found: undefined } : { seen: `${asked.length}` },
      ),
    stop: async () => {
      gate.resolve();
      await server.stop(true);
    },
  };
}

export async function hookedRepo(parent: string, name: string, slug = "garden"): Promise<TestRepo> {
  const repo = await makeRepo(parent, name, { "a.md": "a\n" });
  const { did } = await installHook({ path: repo.path, slug }, false);
  if (did !== "installed") throw new Error(`the hook was ${did}`);
  return repo;
}

/** Tells a test's own programs from others of their names, in their environment. */
const OF_TEST = "STATE_HUB_COMMIT_TEST";

/** No more of an environment than a graphical client has. */
export function bareEnvironment(home: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: home,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Test",
    GIT_AUTHOR_EMAIL: "test@example.invalid",
    GIT_COMMITTER_NAME: "Test",
    GIT_COMMITTER_EMAIL: "test@example.invalid",
    [OF_TEST]: home,
    ...more,
  };
}

/** Ends when the program has ended and nobody holds its output any more. */
export async function finish(argv: readonly string[], cwd: string, env: Record<string, string>) {
  const child = Bun.spawn([...argv], { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, said: `${out}${err}` };
}

export const COMMIT = ["git", "commit", "--quiet", "--allow-empty", "--message", "A commit"] as const;

/** The command lines of all processes that were started with bareEnvironment(home), each as one line. */
export function commandLines(home: string): string[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    const read = (file: string) => readFileSync(`/proc/${id}/${file}`, "latin1");
    try {
      return read("environ").split("\0").includes(`${OF_TEST}=${home}`) ? [read("cmdline").replaceAll("\0", " ")] : [];
    } catch {
      // It has ended since.
      return [];
    }
  });
}
