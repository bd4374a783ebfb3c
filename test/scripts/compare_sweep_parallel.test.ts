// compare_sweep_parallel.ts as an operator types it: the three exit codes, the document, both ways to ask, and wrong usage.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { BASELINE, CANDIDATE, type Grid, layGrid, play } from "../lib/compare/played_runs.ts";
import { type ServedHub, servedHub } from "../support/served_hub.ts";

const SCRIPTS = join(import.meta.dir, "../../scripts");
const WATCHDOG_MS = 50_000;
const PAIR = ["--baseline", BASELINE, "--candidate", CANDIDATE];
let hub: ServedHub;
let grid: Grid;
beforeAll(async () => {
  hub = await servedHub();
}, WATCHDOG_MS);
afterAll(() => hub.close());
beforeEach(async () => {
  await hub.database.sql`truncate activity.activity_runs`;
  grid = await layGrid(hub.database);
});

async function compare(args: readonly string[], env: Record<string, string> = { DATABASE_URL: hub.url }) {
  const argv = [join(SCRIPTS, "bun"), join(SCRIPTS, "compare_sweep_parallel.ts"), ...args];
  const child = Bun.spawn(argv, {
    env: { ...environmentForPrograms(), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: WATCHDOG_MS,
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out, err };
}

test(
  "exits 0 when ready, 1 when not, 2 without evidence, and says what to type next",
  async () => {
    const full = "=".repeat(100);
    await play(hub.database, grid, [{ source: BASELINE, strip: full }]);
    const early = await compare(["--hours", "24", ...PAIR]);
    expect(early).toMatchObject({ code: 2, err: "" });
    expect(early.out).toContain("Not enough evidence: k8s-cronjob may not take over yet");
    expect(early.out).toEndWith("Next: scripts/cutover.ts schedule status\n");
    await play(hub.database, grid, [{ source: CANDIDATE, strip: `${"=".repeat(90)}..........` }]);
    const gaps = await compare(["--hours", "24", ...PAIR]);
    expect(gaps.code).toBe(1);
    expect(gaps.out).toMatch(
      /Not ready: k8s-cronjob may not take over yet\n {2}- k8s-cronjob fired in 8\d of 9\d slots/,
    );
    await play(hub.database, grid, [{ source: CANDIDATE, strip: "=".repeat(10) }]);
    const ready = await compare(["--hours", "24", ...PAIR]);
    expect(ready).toMatchObject({ code: 0, err: "" });
    expect(ready.out).toEndWith(`Next: scripts/cutover.ts schedule switch --hours 24 ${PAIR.join(" ")}\n`);
  },
  WATCHDOG_MS,
);

test(
  "prints one document with --json, by the hub's own schedule, and writes nothing",
  async () => {
    await play(hub.database, grid, [
      { source: BASELINE, strip: "=".repeat(30) },
      { source: CANDIDATE, strip: "=".repeat(30) },
    ]);
    // A write of its own would be refused then.
    const readOnly = `options=${encodeURIComponent("-c default_transaction_read_only=on")}`;
    const refusing = `${hub.url}${hub.url.includes("?") ? "&" : "?"}${readOnly}`;
    const { code, out } = await compare(["--json", "--hours", "6", ...PAIR], { DATABASE_URL: refusing });
    const { schema_version, ...document } = JSON.parse(out);
    expect({ code, schema_version }).toEqual({ code: 0, schema_version: 1 });
    expect(Object.keys(document)).toEqual([
      "verdict",
      "reasons",
      "thresholds",
      "definition_id",
      "schedule",
      "baseline",
      "candidate",
      "window",
      "again",
      "slots",
      "sources",
    ]);
    expect(document).toMatchObject({ verdict: "ready", schedule: grid.cron, window: { hours: 6 } });
    expect(document.sources[CANDIDATE].strip).toHaveLength(document.slots.length);
  },
  WATCHDOG_MS,
);

test(
  "takes the schedule of the toolkit's own file where the hub has none, and of a hub that is asked",
  async () => {
    await hub.database.sql`delete from activity.activity_definitions`;
    const here = await compare(["--json", "--hours", "24", ...PAIR]);
    const there = await compare(["--json", "--hours", "24", ...PAIR, "--via", hub.at], { DATABASE_URL: "" });
    for (const { code, out } of [here, there])
      expect([code, JSON.parse(out)]).toMatchObject([2, { schedule: "*/15 * * * *", verdict: "not_enough_evidence" }]);
  },
  WATCHDOG_MS,
);

test(
  "exits 2 for a hub whose schedule is none, 64 for what makes no sense, and 2 without a hub",
  async () => {
    await hub.database
      .sql`update activity.activity_definitions set definition = '{"trigger": {"event": "org.statehub.x"}}'`;
    const unknown = await compare(["--json", "--hours", "24", ...PAIR]);
    expect([unknown.code, JSON.parse(unknown.out)]).toMatchObject([2, { schedule: null }]);
    const wrong = [
      ["--hours", "0", ...PAIR],
      ["--hours", "721", ...PAIR],
      PAIR,
      ["--hours", "24", "--baseline", BASELINE],
      ["--hours", "24", "--baseline", BASELINE, "--candidate", "cron"],
      ["--hours", "24", "--baseline", BASELINE, "--candidate", BASELINE],
      ["--hours", "24", ...PAIR, "--via", "http://user:secret@127.0.0.1:1"],
    ];
    const answers = await Promise.all(wrong.map((args) => compare(args)));
    expect(answers.map(({ code }) => code)).toEqual(wrong.map(() => 64));
    expect(answers.map(({ out, err }) => out + err).join()).not.toContain("secret");
    expect(await compare(["--hours", "24", ...PAIR], { DATABASE_URL: "" })).toMatchObject({ code: 2, out: "" });
    const same = ["--hours", "24", "--baseline", BASELINE, "--candidate", BASELINE];
    expect(await compare(same, { DATABASE_URL: "" })).toMatchObject({ code: 64, out: "" });
    const nobody = await compare(["--hours", "24", ...PAIR, "--via", "http://127.0.0.1:1"], { DATABASE_URL: "" });
    expect(nobody).toMatchObject({ code: 2, out: "" });
  },
  WATCHDOG_MS,
);
