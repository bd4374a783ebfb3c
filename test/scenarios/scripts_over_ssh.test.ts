// Every script as it is used: typed over SSH. Whatever the line is like, a script does its work or says in one line why not;
// it never hangs, and what it prints is never half. The rows and the ways are in test/support/ssh_table.ts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shellQuoted } from "../../lib/shell_quoted.ts";
import { isGone, SAY_PID, startOver, waitsForLock, withTablesLocked } from "../support/dropped_line.ts";
import { makeRepo, temporaryFolder, workplanText } from "../support/git_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";
import { overSsh, READ_ONLY_HOME, type ScriptRow, type SshAccess, waysOf } from "../support/ssh_table.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

const ROOT = join(import.meta.dir, "../..");
const SETUP_MS = 60_000;
/** What hangs does so for ever; a busy machine takes some seconds. */
const ANSWER_MS = 30_000;
/** What waits in the database hears of nothing meanwhile; ten seconds after it was asked to end, it is ended. */
const ENDED_MS = 15_000;
const ESC = "\x1b";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const quoted = (name: string) => shellQuoted(at(name));

const ROWS: readonly ScriptRow[] = [
  { command: "activity_definitions.ts list", exit: 0, shows: /state-hub-consistency-sweep/ },
  { command: `backup_restore_drill.ts list --store ${quoted("store")}`, exit: 0, shows: /Nothing is stored there/ },
  { command: "cleanup_stale_tasks.ts", exit: 0, shows: /task/ },
  {
    command: "compare_sweep_parallel.ts --hours 1 --baseline local-timer --candidate k8s-cronjob",
    exit: 2,
    shows: /not_enough_evidence|[Nn]ot enough evidence/,
  },
  { command: `consistency_check.ts --repo ${quoted("garden")} --dry-run`, exit: 0, shows: /garden/ },
  // Neither a user's systemd nor a cluster answers here.
  { command: "cutover.ts schedule status", exit: 2, shows: /could not tell/ },
  // On to the same machine, once more by its sshd.
  { command: `on_host.ts --toolkit ${shellQuoted(ROOT)} far -- runbook.ts list`, exit: 0, shows: /state_hub/ },
  { command: "runbook.ts list", exit: 0, shows: /state_hub/ },
  { command: "state_hub.ts repo list", exit: 0, shows: /garden/ },
  { command: `tunnel_health.ts --config ${quoted("tunnels.yaml")}`, exit: 64, shows: /tunnels\.yaml/ },
];

let hub: TestHub;
let sshd: Sshd;
let access: SshAccess;

beforeAll(async () => {
  [hub, sshd] = await Promise.all([freshHub(), startSshd()]);
  access = { config: at("ssh_config"), port: sshd.port, address: sshd.address };
  writeFileSync(access.config, sshd.sshConfig);
  writeFileSync(at("database_url"), hub.url, { mode: 0o600 });
  writeFileSync(at("tunnels.yaml"), "");
  for (const name of ["store", "home/ssh", "read-only"]) mkdirSync(at(name), { recursive: true });
  writeFileSync(
    at("home/ssh/config"),
    `Host far\n  HostName ${sshd.address}\n  Port ${sshd.port}\n${sshd.sshConfig.replace(/^Host .*\n/, "")}`,
  );
  const id = "GARDEN-WP-0001";
  await makeRepo(folder.path, "garden", {
    [`workplans/${id}-plan.md`]: workplanText({ id, tasks: [{ id: `${id}-T01` }] }),
  });
  const first = await typed(`scripts/consistency_check.ts --repo ${quoted("garden")}`);
  if (first.exitCode !== 0) throw new Error(`the first sweep failed: ${first.out}${first.err}`);
}, SETUP_MS);
afterAll(async () => {
  await Promise.all([sshd?.stop(), hub?.close()]);
  folder.remove();
});

const SETTINGS = `cd ${shellQuoted(ROOT)}; export DATABASE_URL_FILE=${quoted("database_url")} STATE_HUB_HOME=${quoted("home")}`;

const lineOf = (line: string) => `bash -c ${shellQuoted(`${SETTINGS}; ${line}`)}`;

function typed(line: string, terminal = false) {
  return overSsh(access, { terminal, line: lineOf(line) }, ANSWER_MS);
}

test("every script has its row", () => {
  const scripts = readdirSync(join(ROOT, "scripts")).filter((name) => name.endsWith(".ts"));
  expect(ROWS.map(({ command }) => command.split(" ")[0] ?? "")).toEqual(scripts.sort());
});

test(
  "each way is what its name says",
  async () => {
    const ways = new Map(waysOf(at("read-only")).map((way) => [way.name, way]));
    const seen = async (name: string, script: string) => {
      const way = ways.get(name);
      const { out, err } = await typed(way?.line(script) ?? "false", way?.terminal);
      return (out + err).trim();
    };
    expect(await seen("without a terminal", "tty")).toBe("not a tty");
    expect(await seen("on a terminal of 0 columns", "stty size")).toBe("0 0");
    expect(await seen("with TERM=dumb", "printenv TERM")).toBe("dumb");
    expect(await seen("with NO_COLOR", "printenv NO_COLOR")).toBe("1");
    expect(await seen("in a C locale", "locale charmap")).toBe("ANSI_X3.4-1968");
    expect(await seen("with its stdin closed", "cat")).toContain("Bad file descriptor");
    const make = shellQuoted('mkdir "$STATE_HUB_HOME"; mkdir "$HOME/x"');
    expect(await seen(READ_ONLY_HOME, `sh -c ${make}`)).toMatch(/Read-only file system\n.*Read-only file system$/);
  },
  SETUP_MS,
);

/** What could not be done, what it was because of, and what to try. */
const ONE_LINE_WHY = /^(C-00 )?Could not [^\n]+\n( {2}[^\n]+\n)*(Try: [^\n]+\n)?$/m;
const STACK = /^ +at .*\.ts:\d+/m;
const PLAIN = /TERM=dumb|NO_COLOR/;

describe.each(ROWS)("$command", (row) => {
  test.concurrent.each(waysOf(at("read-only")))(
    "$name",
    async ({ name, terminal, line }) => {
      const { exitCode, out, err } = await typed(line(`scripts/${row.command}`), terminal);
      const said = out + err;
      if (name === READ_ONLY_HOME && exitCode !== row.exit) expect(err).toMatch(ONE_LINE_WHY);
      else expect({ exitCode, said }).toEqual({ exitCode: row.exit, said: expect.stringMatching(row.shows) });
      expect(said).not.toMatch(STACK);
      if (!terminal || PLAIN.test(name)) expect(said).not.toContain(ESC);
    },
    ANSWER_MS + 5_000,
  );
});

describe.each(ROWS)("$command, for a program", ({ command, exit }) => {
  test.concurrent(
    "with --json: one whole document",
    async () => {
      const { exitCode, out } = await typed(`scripts/${command} --json`);
      expect({ exitCode, document: JSON.parse(out) }).toMatchObject({
        exitCode: exit,
        document: { schema_version: 1 },
      });
    },
    ANSWER_MS + 5_000,
  );

  test.concurrent(
    "into head -1: it ends as it would without, and says nothing about its reader",
    async () => {
      const { exitCode, out, err } = await typed(`set -o pipefail; scripts/${command} | head -1`);
      expect({ exitCode, lines: out.split("\n").length <= 2 }).toEqual({ exitCode: exit, lines: true });
      expect(err).not.toMatch(/EPIPE|[Bb]roken pipe/);
    },
    ANSWER_MS + 5_000,
  );
});

describe("a connection that drops", () => {
  const WAITING = ROWS.filter(({ command }) => /^(cleanup|compare|consistency|state_hub)/.test(command));

  test.each(WAITING)(
    "ends $command, which has a terminal and waits for the database",
    async ({ command }) => {
      await withTablesLocked(hub, async () => {
        const { child, pid } = await startOver(access, {
          terminal: true,
          line: lineOf(`${SAY_PID}; exec scripts/${command}`),
        });
        await waitsForLock(hub, ANSWER_MS);
        child.kill("SIGKILL");
        await isGone(pid, ENDED_MS);
      });
    },
    SETUP_MS,
  );

  test.each(WAITING)(
    "leaves $command, which has none, to finish and to end, with nobody who reads",
    async ({ command }) => {
      const started = await withTablesLocked(hub, async () => {
        const { child, pid } = await startOver(access, {
          terminal: false,
          line: lineOf(`${SAY_PID}; exec scripts/${command}`),
        });
        await waitsForLock(hub, ANSWER_MS);
        child.kill("SIGKILL");
        await child.exited;
        return pid;
      });
      await isGone(started, ANSWER_MS);
    },
    SETUP_MS,
  );
});

describe("a megabyte", () => {
  const COUNT = 3500;
  beforeAll(async () => {
    await hub.database.sql`
      insert into repos (slug, remote_url)
      select 'bed-' || n, 'https://git.example/' || repeat('garden/', 30) || n from generate_series(1, ${COUNT}::int) n`;
  });

  test(
    "of --json reaches a slow reader whole",
    async () => {
      const slow = `${shellQuoted(process.execPath)} test/support/trickle.ts 600000`;
      const { exitCode, out } = await typed(`set -o pipefail; scripts/state_hub.ts repo list --json | ${slow}`);
      expect({ exitCode, large: out.length > 1_000_000 }).toEqual({ exitCode: 0, large: true });
      expect(JSON.parse(out).repos.length).toBe(COUNT + 1);
    },
    SETUP_MS,
  );

  test.each(["", " --json"])(
    "into head -1 ends the output%s, and is no failure",
    async (json) => {
      const ran = await typed(`set -o pipefail; scripts/state_hub.ts repo list${json} | head -1`);
      expect(ran).toMatchObject({ exitCode: 0, err: "" });
    },
    SETUP_MS,
  );
});
