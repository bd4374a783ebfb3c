// An hour as an operator has it, in a minute or two: sweeps by a timer here and by a job elsewhere, remotes on another
// host, people at work in clones and checkouts, the hub's own writers, and whatever breaks on the way. At the end files,
// hub and remotes must agree, and every line that a person wrote must be where he left it.
import { expect } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Files, workplanText } from "./git_repo.ts";
import {
  BROKEN_SWEEPS,
  EVENTS,
  expectDone,
  humanPublishes,
  isDown,
  pathOf,
  runHook,
  SWEEPS,
  type Ways,
} from "./hour_events.ts";
import { expectAllAgree, NOTES } from "./hours_end.ts";
import { otherHost } from "./other_host.ts";
import { seededChoices } from "./seeded_choices.ts";
import { type SweptFleet, type SweptRepo, sweptFleet } from "./swept_fleet.ts";

const FIXTURES = join(import.meta.dir, "../lib/workplan/fixtures");
const REAL = { state: "STATE-WP-0064", cust: "CUST-WP-0011", custodian: "CUST-WP-0038" } as const;
const MINUTES_PER_TICK = 15;
/** Longer than the loop breaker, a back-off or a second sighting remembers. */
const DAY_AND_HOUR = 25 * 60;
/** @throws with the seed in the message, so that the same events come again in the same order */
export async function operatorsHour({ ticks, seed }: { ticks: number; seed: number }): Promise<readonly string[]> {
  const told: string[] = [];
  const away = await otherHost();
  const fleet = await sweptFleet();
  try {
    const world = await begin(fleet, await away.startSshd(), seed);
    for (let tick = 0; tick < ticks; tick++) await oneTick(world, tick, told);
    await end(world, told);
    return told;
  } catch (error) {
    throw new Error(`operatorsHour with seed ${seed} failed after:\n${told.join("\n")}`, { cause: error });
  } finally {
    await fleet.close();
    await away.remove();
  }
}

async function begin(
  fleet: SweptFleet,
  sshd: { sshConfig: string; urlOf(path: string): string },
  seed: number,
): Promise<Ways> {
  const podHome = join(fleet.folder, "home-of-the-pod");
  for (const home of [fleet.home, podHome]) {
    mkdirSync(join(home, "ssh"), { recursive: true });
    writeFileSync(join(home, "ssh/config"), sshd.sshConfig);
  }
  const repos: SweptRepo[] = [];
  for (const slug of Object.keys(REAL) as (keyof typeof REAL)[])
    repos.push(await fleet.add(slug, { files: filesOf(slug), url: sshd.urlOf, checkout: slug !== "custodian" }));
  const state = { lines: new Map<string, string[]>(), unsaved: new Map<string, string>() };
  return { fleet, repos, ...state, choices: seededChoices(seed), podHome, written: 0 };
}

/** A real workplan, and two that have no ids yet: one for clones elsewhere, one for the checkout here. */
function filesOf(slug: keyof typeof REAL): Files {
  const plan = (number: number) => {
    const id = `${slug.toUpperCase()}-WP-900${number}`;
    return { [pathOf(slug, number)]: workplanText({ id, tasks: [1, 2, 3].map((n) => ({ id: `${id}-T0${n}` })) }) };
  };
  const real = readFileSync(join(FIXTURES, `${REAL[slug]}.md`), "utf8");
  return { [`workplans/${REAL[slug]}.md`]: real, ...plan(1), ...plan(2), [NOTES]: "as it was\n" };
}

async function oneTick(world: Ways, tick: number, told: string[]): Promise<void> {
  const { choices, fleet } = world;
  for (let left = 1 + choices.below(3); left > 0; left--) {
    const [what, event] = choices.of(EVENTS);
    told.push(`${tick}: ${what}`);
    await event(world);
  }
  const [what, sweep] = choices.below(4) === 0 ? choices.of(BROKEN_SWEEPS) : choices.of(SWEEPS);
  told.push(`${tick}: ${what}`);
  await sweep(world);
  expectUntouched(world);
  await fleet.passTime(MINUTES_PER_TICK);
}

/** What people have begun in their checkouts is as they left it. */
function expectUntouched({ repos, unsaved }: Ways): void {
  for (const { slug, checkout } of repos)
    if (unsaved.has(slug)) expect(readFileSync(join(checkout.path, NOTES), "utf8")).toBe(unsaved.get(slug) ?? "");
}

/** All is mended, people bring their work to an end, and the sweeps go on for a while. */
async function end(world: Ways, told: string[]): Promise<void> {
  const { fleet, repos } = world;
  told.push("end: all is mended");
  for (const repo of repos) {
    if (isDown(repo)) renameSync(`${repo.path}.away`, repo.path);
    rmSync(join(repo.path, "hooks/pre-receive"), { force: true });
  }
  for (const repo of repos.slice(0, 2)) await humanPublishes(world, repo);
  await fleet.passTime(DAY_AND_HOUR);
  for (let tick = 0; tick < 3; tick++) {
    expectDone(await fleet.sweep({ source: "manual" }), world);
    await fleet.passTime(MINUTES_PER_TICK);
  }
  // What a hook's run said of a checkout no sweep takes back: only the next run of that hook.
  for (const repo of repos.slice(0, 2)) await runHook(world, repo);
  await expectAllAgree(world, await fleet.sweep());
}
