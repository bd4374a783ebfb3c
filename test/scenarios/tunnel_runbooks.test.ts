// A machine is added by its runbook, its tunnel is broken in several ways, each is found and mended by the other runbook, and the
// machine is taken away again: every block by runbook.ts run, with two accounts, their systemd, a real sshd and a hub between.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PROBES } from "../../lib/tunnel/probes.ts";
import type { HealthReport, TunnelReport } from "../../lib/tunnel/report.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { pageNamed, rehearse } from "../support/runbook_reader.ts";
import { makeTunnelAccount, type TunnelAccount } from "../support/tunnel_account.ts";
import { BREAKS, type Break, UNIT } from "../support/tunnel_account_breaks.ts";
import { commandsOf, commandsUnder } from "../support/tunnel_account_terminals.ts";
import {
  listOf,
  matchBlockFor,
  publicKey,
  sayFingerprint,
  sendLine,
  socketOverThere,
} from "../support/tunnel_account_typed.ts";
import { shortOf } from "../support/tunnel_scene.ts";

const WATCHDOG_MS = 120_000;
const HEALTH = "state-hub-tunnel-health.service";
let world: TunnelAccount;
beforeAll(async () => {
  world = await makeTunnelAccount();
}, WATCHDOG_MS);
afterAll(async () => {
  await world?.remove();
}, WATCHDOG_MS);

const adding = pageNamed("add_a_machine");
const health = pageNamed("tunnel_health");
const reader = () => world.reader;

async function check(): Promise<TunnelReport> {
  const { stdout, stderr } = await world.script("scripts/tunnel_health.ts", "hub", "--json");
  const [report] = (JSON.parse(stdout) as HealthReport).tunnels ?? [];
  if (report === undefined) throw new Error(`${stdout}${stderr}`);
  return report;
}

/** As soon as it is: a unit needs a moment to notice. */
function becomes(short: string): Promise<TunnelReport> {
  return waitUntil({ forWhat: `it to be ${short}`, deadlineMs: 20_000, intervalMs: 200 }, async () => {
    const found = await check();
    return shortOf(found) === short ? { found } : { seen: `${shortOf(found)}: ${found.cause}` };
  });
}

const letIn = commandsUnder(adding, "let-the-machine-in");
const told = commandsOf(adding, "Before you start").filter((name) => !letIn.includes(name));
const done = commandsOf(adding, "Look", "Do", "How you know it worked");
const asksWhetherLetIn = done.indexOf("check-let-in");
rehearse({
  page: "add_a_machine",
  reader,
  order: [...told, ...done.slice(0, asksWhetherLetIn), ...letIn, ...done.slice(asksWhetherLetIn)],
  before: {
    "hub-sshd": () => world.setSshd(matchBlockFor(world.there.TUNNEL_USER ?? "")),
    "compare-host-key": () => sayFingerprint(world),
    "render-dry-run": () => world.writeList(listOf(world)),
    "hub-check-line": () => sendLine(world, "render"),
  },
});

test("its key makes no socket in a folder of the hub's host, which no line of a key can forbid", async () => {
  const path = `/tmp/state-hub-no-socket-${process.pid}`;
  const { exitCode, stderr } = await world.script(...socketOverThere(world, path));
  rmSync(path, { force: true });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 255, stderr: expect.stringContaining(`listen path ${path}`) });
});

describe("the timer of the check", () => {
  const kept = () =>
    JSON.parse(readFileSync(join(world.machine.home, ".local/state/state-hub/tunnels/verdicts.json"), "utf8"));
  const events = async () => {
    const rows = await world.hub.database.sql<{ summary: string }[]>`
      select summary from progress_events where event_type = 'tunnel_health' order by created_at, id`;
    return rows.map(({ summary }) => summary);
  };

  test("finds a stopped tunnel by itself, and the hub is told of it once it can be", async () => {
    await world.machine.systemctl("stop", UNIT);
    await waitUntil({ forWhat: "the timer to see it", deadlineMs: 20_000 }, async () => {
      const { stdout } = await world.machine.systemctl("show", "--property=Result,ExecMainStatus", HEALTH);
      return stdout === "Result=exit-code\nExecMainStatus=1\n" ? { found: true } : { seen: stdout };
    });
    expect(kept()).toMatchObject({ verdicts: { hub: { verdict: "down" } }, untold: [{ to: "down" }] });
    const isDown = `to down (${UNIT} does not run (inactive, dead))`;
    expect((await events()).filter((summary) => summary.endsWith(isDown))).toEqual([]);
    await world.machine.systemctl("start", UNIT);
    await waitUntil({ forWhat: "the hub to be told of both", deadlineMs: 20_000 }, async () => {
      const all = await events();
      const after = all.slice(all.findIndex((summary) => summary.endsWith(isDown)) + 1);
      const isTold = after.length < all.length && after.at(-1)?.endsWith("to healthy");
      // What was told is noted after it was told.
      return isTold && kept().untold.length === 0 ? { found: true } : { seen: all.join(", ") };
    });
  });
});

rehearse({
  page: "tunnel_health",
  reader,
  order: [...commandsOf(health, "Look", "Do", "How you know it worked"), "pause-timer"],
});

describe("a tunnel that broke is found by its row, and mended by what the row leads to:", () => {
  const rows = health.rows.filter(({ titles }) => titles[0] === "broken").map(({ cells }) => cells);

  test("there is a row for each layer, with what it says, a cause and what to do", () => {
    expect([...new Set(rows.map(([id]) => id))]).toEqual(PROBES.map(({ id }) => `\`${id}\``));
    expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell.length < 4))).toEqual([]);
    expect(rows.filter(([, , , todo]) => !/\]\((\w+\.md)?#[\w-]+\)/.test(todo ?? ""))).toEqual([]);
    const proves = health.rows.filter(({ titles }) => titles[0] === "layer").map(({ cells }) => cells[0]);
    expect(proves).toEqual(PROBES.map(({ id }) => `\`${id}\``));
  });

  for (const each of BREAKS)
    test(
      each.what,
      async () => {
        await each.make(world);
        try {
          const report = await becomes(each.says);
          expect(report.cause).toMatch(each.cause);
          const [, , , todo] = rows.find(([id]) => id === `\`${report.broken}\``) ?? [];
          expect(todo).toContain(`(#${each.section})`);
          await follow(each);
        } finally {
          await each.inTheEnd?.(world);
        }
        await becomes("healthy");
      },
      WATCHDOG_MS,
    );

  async function follow({ section, meanwhile = {} }: Break): Promise<void> {
    const names = commandsUnder(health, section);
    const stops = [0, ...names.flatMap((name, at) => (at > 0 && name in meanwhile ? [at] : [])), names.length];
    for (const [index, from] of stops.slice(0, -1).entries()) {
      await meanwhile[names[from] ?? ""]?.(world);
      await world.reader.runs(health, names.slice(from, stops[index + 1]));
    }
  }

  test("its list lost the pin: nothing is asked until it stands there again", async () => {
    const list = listOf(world);
    world.writeList(list.replace(/host_key: .*/, "host_key:"));
    const report = await becomes("down at config");
    expect(report.cause).toStartWith("no ssh.host_key");
    expect(rows.find(([id]) => id === "`config`")?.[3]).toContain("(add_a_machine.md#write-the-list-of-tunnels)");
    world.writeList(list);
    await becomes("healthy");
  });
});

test("a sweep goes through the mended tunnel", async () => {
  const { here } = world;
  const argv = ["--remote", "--all", "--via", here.STATE_HUB_URL ?? "", "--json"];
  const { stdout, stderr, exitCode } = await world.script("scripts/consistency_check.ts", ...argv);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(stdout)).toMatchObject({ mode: "remote-all", lock_skipped: false, exit_code: 0 });
});

const newKey = () => world.here.NEW_KEY ?? "";
const apart = ["the-host-cannot-be-reached", "it-is-slow", "change-the-machines-key"];
rehearse({
  page: "tunnel_health",
  reader,
  order: [...apart.flatMap((anchor) => commandsUnder(health, anchor)), "resume-timer"],
  before: {
    "render-new-key": () => world.writeList(listOf(world, newKey())),
    "hub-let-new-key-in": () => sendLine(world, "render-new-key"),
    "hub-take-old-key-out": () => {
      world.there.PUBLIC_KEY = publicKey(world.here.KEY ?? "");
    },
  },
});

const back = commandsOf(adding, "How to go back");
const asksWhetherRefused = back.indexOf("prove-refused");
rehearse({
  page: "add_a_machine",
  reader,
  order: [
    ...back.slice(0, asksWhetherRefused),
    ...commandsUnder(adding, "shut-a-machine-out"),
    ...back.slice(asksWhetherRefused),
  ],
  before: {
    "stop-timer": () => {
      world.here.KEY = newKey();
      world.there.PUBLIC_KEY = publicKey(newKey());
    },
  },
});

test("nothing of the machine is left, and nobody is let in", async () => {
  const { stdout } = await world.machine.systemctl("list-units", "--all", "--plain", "--no-legend", "state-hub*");
  expect(stdout).toBe("");
  expect(readFileSync(world.there.AUTHORIZED_KEYS ?? "", "utf8")).toBe("");
});
