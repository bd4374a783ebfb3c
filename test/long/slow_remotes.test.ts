// Remotes that are slow in a fetch or fall silent in a push, to the end of the real deadlines: a minute for each. What a
// remote took although nobody heard of it is found by the next sweep, and is not done again.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { contentOf, hook } from "../support/failing_remotes.ts";
import { type HangingName, type HangingServers, slugOf, startHangingServers } from "../support/hanging_remotes.ts";
import { processesIn } from "../support/processes_in.ts";
import { planOf, planPath, type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 280_000;
const SLOW: readonly HangingName[] = ["ssh slow", "https slow"];
/** At 1 KB/s more than three minutes. */
const NOISE_BYTES = 200_000;
const xdg = process.env.XDG_CONFIG_HOME;

let fleet: SweptFleet;
let servers: HangingServers;
let hung: FleetResult;
let next: FleetResult;
let before: string;
let after: string;
let left: string[];
const repos = new Map<string, SweptRepo>();
const repo = (slug: string): SweptRepo => repos.get(slug) ?? (undefined as never);

beforeAll(async () => {
  fleet = await sweptFleet();
  servers = await startHangingServers(fleet);
  // A sweep in this process: the script's watchdog here is shorter than these deadlines.
  mkdirSync(join(fleet.userHome, "xdg/git"), { recursive: true });
  cpSync(join(fleet.userHome, ".gitconfig"), join(fleet.userHome, "xdg/git/config"));
  process.env.XDG_CONFIG_HOME = join(fleet.userHome, "xdg");
  for (const name of SLOW) {
    const slug = slugOf(name);
    const files = { [planPath(slug)]: planOf(slug), noise: crypto.getRandomValues(new Uint8Array(60_000)) };
    const more = Array.from({ length: Math.ceil(NOISE_BYTES / 60_000) }, (_, at) => [
      `noise-${at}`,
      crypto.getRandomValues(new Uint8Array(60_000)),
    ]);
    const url = (path: string) => servers.url(name, path);
    repos.set(slug, await fleet.add(slug, { files: { ...files, ...Object.fromEntries(more) }, url, checkout: false }));
  }
  for (const slug of ["before-it-took", "after-it-took", "well"])
    repos.set(slug, await fleet.add(slug, { checkout: false }));
  hook(repo("before-it-took"), "pre-receive", "exec sleep 600");
  hook(repo("after-it-took"), "post-receive", "exec sleep 600");
  before = await contentOf(repo("before-it-took"));
  servers.hang(true);
  hung = await fleet.sweep();
  after = await contentOf(repo("before-it-took"));
  left = [...repos.values()].flatMap(({ path }) => processesIn(path));
  servers.hang(false);
  for (const [slug, name] of [
    ["before-it-took", "pre-receive"],
    ["after-it-took", "post-receive"],
  ] as const)
    hook(repo(slug), name, "exit 0");
  next = await fleet.sweep({ source: "manual" });
}, WATCHDOG);
afterAll(async () => {
  if (xdg === undefined) delete process.env.XDG_CONFIG_HOME;
  else process.env.XDG_CONFIG_HOME = xdg;
  await servers.stop();
  await fleet.close();
});

const found = ({ report }: FleetResult, slug: string) =>
  report.assessment_failures.filter((each) => each.repo === slug).map(({ check, observed }) => `${check} ${observed}`);
const syncCommits = async ({ bare }: SweptRepo) =>
  (await bare.git("log", "--author=State Hub sync", "--format=%H", "main")).split("\n").filter(Boolean).length;
const did = ({ report }: FleetResult, slug: string) =>
  report.repos_processed.find((each) => each.slug === slug)?.actions;

test.each(SLOW.map(slugOf))("%s: a fetch at 1 KB/s ends at its deadline, and leaves no half of it", async (slug) => {
  expect(found(hung, slug)).toEqual([expect.stringMatching(/^C-06 .*no answer within \d/)]);
  expect(hung.report.skipped_missing).toContain(slug);
  expect(found(next, slug)).toEqual([]);
  expect(did(next, slug)).toMatchObject({ created: 2, written_back: 2 });
  expect([...new Bun.Glob("mirrors/**/tmp_*").scanSync({ cwd: fleet.home })]).toEqual([]);
});

test("a push that is never answered has published nothing, and is done by the next sweep", async () => {
  expect(did(hung, "before-it-took")).toMatchObject({ created: 2, written_back: 0, pending_writeback: 2 });
  expect(hung.remarks).toContainEqual(
    expect.stringContaining("before-it-took: corrections wait: no answer within 60 s"),
  );
  // Git's quarantine folder may stay in a remote on this machine, where the receiving git is ended together with ours.
  expect(after).toBe(before);
  expect(left).toEqual([]);
  expect(did(next, "before-it-took")).toMatchObject({ written_back: 2, pending_writeback: 0 });
  expect(await syncCommits(repo("before-it-took"))).toBe(1);
});

test("a push that was taken and never answered is found by the next sweep, and not done again", async () => {
  expect(hung.remarks).toContainEqual(
    expect.stringContaining("after-it-took: corrections wait: no answer within 60 s"),
  );
  expect(await syncCommits(repo("after-it-took"))).toBe(1);
  expect(next.remarks.filter((remark) => remark.startsWith("after-it-took"))).toEqual([]);
  const open = await fleet.hub.database.sql`
    select 1 from writeback_intents where repo_id = ${repo("after-it-took").id} and done_at is null and cancelled_at is null`;
  expect(open.length).toBe(0);
  const hubIds = await fleet.hub.database.sql<{ id: string }[]>`
    select id from workstreams where repo_id = ${repo("after-it-took").id}`;
  const text = await repo("after-it-took").bare.git("show", `main:${planPath("after-it-took")}`);
  for (const { id } of hubIds) expect(text).toContain(id);
});

test("others are swept in the same run", async () => {
  expect(did(hung, "well")).toMatchObject({ created: 2, written_back: 2 });
  expect(hung.report).toMatchObject({ exit_code: 0, automation_error: null });
});
