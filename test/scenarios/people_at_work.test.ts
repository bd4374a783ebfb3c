// People, hooks and other sweeps that change something while a sweep is under way, at the very moments that matter: between
// its look at a remote and its rows, its rows and its push, its push and the checkout. Nothing is lost, nothing flips back.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { CheckOptions, RemoteOptions } from "../../lib/consistency/check_options.ts";
import { explain } from "../../lib/consistency/explain.ts";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { digestOf, headOf } from "../lib/git/advance/checkout_scene.ts";
import type { TestRepo } from "../support/git_repo.ts";
import { gateOn, syncCommits } from "../support/held_pushes.ts";
import { planId, planPath, type SweptFleet, type SweptRepo, sweptFleet } from "../support/swept_fleet.ts";

const WATCHDOG = 60_000;
let fleet: SweptFleet;
beforeAll(async () => {
  fleet = await sweptFleet();
}, WATCHDOG);
// What a test is over with is no work for the sweeps of the next.
afterEach(async () => {
  await fleet.hub.database.sql`update repos set removed_at = now() where removed_at is null`;
});
afterAll(() => fleet.close());

/** One sweep that does its job. */
async function sweep(options: Partial<CheckOptions> = {}, remotes: Partial<RemoteOptions> = {}): Promise<FleetResult> {
  const result = await fleet.sweep(options, remotes);
  expect(result.report).toMatchObject({ exit_code: 0, automation_error: null, skipped_budget: [] });
  return result;
}

/** A repository whose file has its ids, and a clone elsewhere that has them, too. */
async function settled(slug: string): Promise<SweptRepo> {
  const repo = await fleet.add(slug);
  await sweep();
  await repo.clone.git("pull", "--quiet", "--ff-only", "origin", "main");
  return repo;
}

const fileIn = ({ path }: TestRepo, slug: string) => readFileSync(join(path, planPath(slug)), "utf8");
const remoteFile = ({ bare, slug }: SweptRepo) => bare.git("show", `main:${planPath(slug)}`);
/** The text with another status of the workplan, `status:` of the front matter being the first. */
const withStatus = (text: string, status: string) => text.replace(/^status: .*$/m, `status: ${status}`);
const statusIn = (text: string) => /^status: (.*)$/m.exec(text)?.[1];
const taskStatusIn = (text: string) => /```task[^`]*^status: (.*)$/m.exec(text)?.[1];
const found = ({ report }: FleetResult, slug: string) =>
  report.assessment_failures.filter((each) => each.repo === slug).map((each) => `${each.check} ${each.observed}`);

async function hubSays(slug: string) {
  const [row] = await fleet.hub.database.sql<{ plan: string; task: string; base: string; pending: number }[]>`
    select w.status as plan, t.status as task, b.status as base, (select count(*)::int from writeback_intents i
      where i.repo_id = r.id and done_at is null and cancelled_at is null) as pending
    from repos r join workstreams w on w.repo_id = r.id join tasks t on t.workstream_id = w.id
    join sync_base b on b.row_id = w.id where r.slug = ${slug}`;
  return { ...row };
}

const setPlan = (slug: string, status: string) =>
  fleet.hub.database.sql`update workstreams set status = ${status} where workplan_id = ${planId(slug)}`;
const setTask = (slug: string, status: string) =>
  fleet.hub.database.sql`update tasks set status = ${status} where task_id = ${`${planId(slug)}-T01`}`;

/** All say the same, nothing waits, and one more sweep finds nothing to do here. */
async function expectAgreed(repo: SweptRepo, status: string, taskStatus = "todo"): Promise<void> {
  const { slug } = repo;
  const text = await remoteFile(repo);
  expect({ plan: statusIn(text), task: taskStatusIn(text) }).toEqual({ plan: status, task: taskStatus });
  expect(await hubSays(slug)).toEqual({ plan: status, task: taskStatus, base: status, pending: 0 });
  const tip = await headOf(repo.bare, "main");
  expect((await sweep()).report.skipped_clean).toContain(slug);
  expect(await headOf(repo.bare, "main")).toBe(tip);
}

/** Runs as a hook of a remote, once; a push of a person does not start it. */
function onceInRemote({ path }: SweptRepo, name: "pre-receive" | "post-receive", script: string): void {
  const text = `read -r _ new _
test "$(git log -1 --format=%an $new)" = Test && exit 0
mkdir '${path}/${name}-ran' 2> /dev/null || exit 0
unset $(git rev-parse --local-env-vars) GIT_QUARANTINE_PATH
${script}`;
  mkdirSync(join(path, "hooks"), { recursive: true });
  writeFileSync(join(path, "hooks", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

const PERSON = "-c user.name=Test -c user.email=test@example.invalid";

describe("a person who pushes while a sweep is under way", () => {
  /** In the clone, at once: what a sweep's progress calls cannot wait. */
  function pushNow({ clone }: SweptRepo, slug: string, line: string): void {
    const file = join(clone.path, planPath(slug));
    writeFileSync(file, `${readFileSync(file, "utf8")}\n${line}\n`);
    const script = `git ${PERSON} commit --quiet --all --message human && git push --quiet origin HEAD:main`;
    const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", script], { cwd: clone.path });
    if (exitCode !== 0) throw new Error(stderr.toString());
  }

  for (const [when, moment] of [
    ["between the look and the reading", "Reading workplans"],
    ["between the reading and the rows", "Reconciling"],
  ] as const) {
    test(
      `${when}: his commit stands, ours waits without a back-off and comes on top of it next time`,
      async () => {
        const slug = moment === "Reconciling" ? "pushed-late" : "pushed-early";
        const repo = await settled(slug);
        await setTask(slug, "in_progress");
        let pushed = false;
        const first = await sweep({
          progress: (message) => {
            if (pushed || message !== moment) return;
            pushed = true;
            pushNow(repo, slug, "A person was faster.");
          },
        });
        expect(pushed).toBe(true);
        const his = await headOf(repo.clone);
        expect(await headOf(repo.bare, "main")).toBe(his);
        expect(first.remarks.filter((remark) => remark.startsWith(`${slug}: corrections wait`))).toHaveLength(1);
        expect((await fleet.states())[slug]).toMatchObject({ failures: 0, retry_at: null });
        expect(await hubSays(slug)).toMatchObject({ task: "in_progress", pending: 1 });
        await sweep();
        expect(await remoteFile(repo)).toContain("A person was faster.");
        expect((await repo.bare.git("rev-parse", "main~1")).trim()).toBe(his);
        expect(await syncCommits(repo)).toHaveLength(2);
        await expectAgreed(repo, "active", "in_progress");
      },
      WATCHDOG,
    );
  }

  test(
    "while the remote takes our push: the push is refused, nothing of it stays, and the next sweep comes on top of his",
    async () => {
      const slug = "raced";
      const repo = await settled(slug);
      const text = withStatus(fileIn(repo.clone, slug), "blocked");
      await repo.clone.commit({ [planPath(slug)]: text });
      await repo.clone.git("push", "--quiet", "origin", "HEAD:refs/heads/waiting");
      await setTask(slug, "in_progress");
      onceInRemote(repo, "pre-receive", `git --git-dir='${repo.path}' update-ref refs/heads/main refs/heads/waiting`);
      const first = await sweep();
      const his = await headOf(repo.clone);
      expect(await headOf(repo.bare, "main")).toBe(his);
      expect(first.remarks).toContainEqual(expect.stringMatching(new RegExp(`^${slug}: corrections wait: `)));
      await sweep({ source: "manual" });
      expect((await repo.bare.git("rev-parse", "main~1")).trim()).toBe(his);
      expect(await syncCommits(repo)).toHaveLength(2);
      await expectAgreed(repo, "blocked", "in_progress");
    },
    WATCHDOG,
  );
});

describe("a person who works in the checkout while a sweep is under way", () => {
  test(
    "and saves the very file between the push and the fast-forward keeps each byte; C-16 tells it",
    async () => {
      const slug = "saved";
      const repo = await settled(slug);
      await setTask(slug, "in_progress");
      const file = join(repo.checkout.path, planPath(slug));
      onceInRemote(repo, "post-receive", `printf '\\nStill typing' >> '${file}'`);
      const [mine, head] = [`${fileIn(repo.checkout, slug)}\nStill typing`, await headOf(repo.checkout)];
      expect(found(await sweep(), slug)).toEqual([expect.stringMatching(/^C-16 not as in HEAD: /)]);
      expect(readFileSync(file, "utf8")).toBe(mine);
      expect(await headOf(repo.checkout)).toBe(head);
      // He commits what he typed, on top of ours.
      await repo.checkout.commit();
      await repo.checkout.git("pull", "--quiet", "--rebase");
      await repo.checkout.git("push", "--quiet");
      expect(found(await sweep(), slug)).toEqual([]);
      expect(await remoteFile(repo)).toEndWith("Still typing");
      await expectAgreed(repo, "active", "in_progress");
    },
    WATCHDOG,
  );

  test(
    "and commits there between the push and the fast-forward keeps his commit, which nobody publishes",
    async () => {
      const slug = "committed";
      const repo = await settled(slug);
      await setTask(slug, "in_progress");
      const { path } = repo.checkout;
      const commit = `git ${PERSON} commit --quiet --all --message unpushed`;
      onceInRemote(repo, "post-receive", `cd '${path}' && echo mine > mine.txt && git add mine.txt && ${commit}`);
      expect(found(await sweep(), slug)).toEqual([expect.stringMatching(/^C-16 main is at .* does not come before/)]);
      expect(await repo.checkout.git("log", "-1", "--format=%s")).toBe("unpushed\n");
      expect(await repo.checkout.git("status", "--porcelain")).toBe("");
      expect(await repo.bare.git("log", "--all", "--format=%s")).not.toContain("unpushed");
      const digest = digestOf(path);
      await fleet.passTime(15);
      await sweep();
      expect(digestOf(path)).toEqual(digest);
    },
    WATCHDOG,
  );

  test(
    "without a pause, in files that no sweep plans for: every line he saved is there",
    async () => {
      const slug = "typing";
      const repo = await settled(slug);
      const file = join(repo.checkout.path, "diary.txt");
      const typed: string[] = [];
      const typing = setInterval(() => {
        typed.push(`line ${typed.length}`);
        writeFileSync(file, typed.join("\n"));
      }, 2);
      try {
        for (const status of ["in_progress", "blocked"]) {
          await setTask(slug, status);
          await sweep();
        }
      } finally {
        clearInterval(typing);
      }
      expect(typed.length).toBeGreaterThan(20);
      expect(readFileSync(file, "utf8")).toBe(typed.join("\n"));
      expect(await repo.checkout.git("status", "--porcelain")).toBe("?? diary.txt\n");
      expect(await headOf(repo.checkout)).toBe(await headOf(repo.bare, "main"));
    },
    WATCHDOG,
  );
});

describe("a change in the hub while a sweep is under way", () => {
  for (const [what, mine, other] of [
    ["of another field", "active", "blocked"],
    ["of the field that is being written", "blocked", "draft"],
  ] as const) {
    test(
      `between its rows and its push, ${what}, is not taken back, and reaches the file next time`,
      async () => {
        const slug = mine === "active" ? "hub-other" : "hub-same";
        const repo = await settled(slug);
        await setTask(slug, "in_progress");
        await setPlan(slug, mine);
        const gate = gateOn(join(fleet.folder, slug), [repo]);
        const sweeping = sweep();
        await gate.arrivals(1);
        await setPlan(slug, other);
        gate.open();
        await sweeping;
        expect(statusIn(await remoteFile(repo))).toBe(mine);
        expect(await hubSays(slug)).toMatchObject({ plan: other, task: "in_progress", base: mine, pending: 1 });
        await sweep();
        await expectAgreed(repo, other, "in_progress");
      },
      WATCHDOG,
    );
  }

  test(
    "and another of the same field by a person: his stands, the hub's is kept, and C-11 names both",
    async () => {
      const slug = "both";
      const repo = await settled(slug);
      await repo.push({ [planPath(slug)]: withStatus(fileIn(repo.clone, slug), "finished") });
      await setPlan(slug, "blocked");
      const result = await sweep();
      expect(found(result, slug)).toContainEqual(expect.stringMatching(/^C-11 .*blocked/));
      const [told] = await explain(fleet.hub.database.sql, planId(slug), hostname());
      expect(told?.lost).toMatchObject([
        { field: "status", base_value: "active", file_value: "finished", hub_value: "blocked" },
      ]);
      expect(statusIn(await remoteFile(repo))).toBe("finished");
      expect(await hubSays(slug)).toMatchObject({ plan: "finished", base: "finished", pending: 0 });
    },
    WATCHDOG,
  );
});

describe("a hook's run of a commit that is not pushed, then a sweep of the older remote", () => {
  const hook = ({ checkout }: SweptRepo) =>
    fleet.hub.check({ path: checkout.path }, { source: "git-hook", host: hostname(), strict: false });
  const commitHere = async ({ checkout, slug }: SweptRepo, status: string) =>
    checkout.commit({ [planPath(slug)]: withStatus(fileIn(checkout, slug), status) });

  test(
    "flips nothing back, sweep after sweep; pushed, it is applied",
    async () => {
      const slug = "hooked";
      const repo = await settled(slug);
      const tip = await headOf(repo.bare, "main");
      await commitHere(repo, "blocked");
      expect((await hook(repo)).report.automation_error).toBeNull();
      for (let tick = 0; tick < 3; tick++) {
        expect(found(await sweep(tick === 2 ? { full: true } : {}), slug)).toEqual([]);
        expect(await hubSays(slug)).toEqual({ plan: "blocked", task: "todo", base: "blocked", pending: 0 });
        await fleet.passTime(15);
      }
      expect(await headOf(repo.bare, "main")).toBe(tip);
      await repo.checkout.git("push", "--quiet");
      await sweep();
      await expectAgreed(repo, "blocked");
      expect(await syncCommits(repo)).toHaveLength(1);
    },
    WATCHDOG,
  );

  test(
    "with a change in the hub meanwhile: the hub's change stands, and reaches the file after the push",
    async () => {
      const slug = "hooked-hub";
      const repo = await settled(slug);
      await commitHere(repo, "blocked");
      await hook(repo);
      await setTask(slug, "in_progress");
      await sweep();
      expect(await hubSays(slug)).toMatchObject({ plan: "blocked", task: "in_progress", base: "blocked" });
      await repo.checkout.git("push", "--quiet");
      await sweep();
      await expectAgreed(repo, "blocked", "in_progress");
    },
    WATCHDOG,
  );

  test(
    "that somebody else has moved on: C-06 says that they diverged, nothing flips; merged and pushed, all is applied",
    async () => {
      const slug = "parted";
      const repo = await settled(slug);
      await commitHere(repo, "blocked");
      await hook(repo);
      const text = fileIn(repo.clone, slug).replace(/(```task[^`]*^status: ).*$/m, "$1in_progress");
      await repo.push({ [planPath(slug)]: text });
      const tip = await headOf(repo.bare, "main");
      for (const full of [false, true]) {
        const result = await sweep({ full });
        expect(found(result, slug)).toContainEqual(expect.stringMatching(/^C-06 .*have diverged/));
        expect(await hubSays(slug)).toMatchObject({ plan: "blocked", task: "todo", base: "blocked" });
        expect(await headOf(repo.bare, "main")).toBe(tip);
      }
      await repo.checkout.git("pull", "--quiet", "--no-rebase", "--no-edit");
      await repo.checkout.git("push", "--quiet");
      expect(found(await sweep(), slug)).toEqual([]);
      await expectAgreed(repo, "blocked", "in_progress");
    },
    WATCHDOG,
  );
});

describe("two hosts that sweep one hub and one remote", () => {
  const other = { options: { host: "a-pod", source: "k8s-cronjob" } as const, remotes: {} as Partial<RemoteOptions> };
  beforeAll(() => {
    other.remotes = { home: join(fleet.folder, "home-of-the-pod") };
    mkdirSync(other.remotes.home as string);
  });
  const fromThePod = () => sweep(other.options, other.remotes);

  test(
    "in turn: each goes on where the other was, nothing is written twice, and neither closes the other's C-16",
    async () => {
      const slug = "turns";
      const repo = await settled(slug);
      repo.checkout.edit({ "mine.txt": "mine\n" });
      await repo.checkout.git("add", "--all");
      const before = (await syncCommits(repo)).length;
      const statuses = ["in_progress", "blocked", "done", "cancelled"];
      for (const [at, status] of statuses.entries()) {
        await setTask(slug, status);
        await (at % 2 === 0 ? fromThePod() : sweep());
        await repo.clone.git("pull", "--quiet", "--rebase", "origin", "main");
        await repo.push({ [planPath(slug)]: `${fileIn(repo.clone, slug)}\nTurn ${at}\n` });
        const then = await (at % 2 === 0 ? sweep() : fromThePod());
        expect(found(then, slug)).toContainEqual(expect.stringMatching(/^C-16 .*mine\.txt/));
        expect(await hubSays(slug)).toMatchObject({ task: status, pending: 0 });
      }
      expect((await syncCommits(repo)).length - before).toBe(statuses.length);
      expect((await remoteFile(repo)).match(/^Turn \d$/gm)).toHaveLength(statuses.length);
      await expectAgreed(repo, "active", "cancelled");
    },
    WATCHDOG,
  );

  test(
    "at the same time: one does the work, the other is told who, and the files get one commit",
    async () => {
      const slug = "at-once";
      const repo = await settled(slug);
      await setTask(slug, "done");
      const results = await Promise.all([fleet.sweep(), fleet.sweep(other.options, other.remotes)]);
      for (const { report } of results) expect(report).toMatchObject({ exit_code: 0, automation_error: null });
      expect(results.filter(({ report }) => !report.lock_skipped).length).toBeGreaterThan(0);
      await fromThePod();
      expect(await syncCommits(repo)).toHaveLength(2);
      await expectAgreed(repo, "active", "done");
    },
    WATCHDOG,
  );
});

describe("two sources that change one field in turn", () => {
  test(
    "are stopped at the third write of a value within a day: C-15 says between what, both values stand, a day later it goes on",
    async () => {
      const slug = "tug";
      const repo = await settled(slug);
      const hubWrites = async () => {
        await setPlan(slug, "blocked");
        return sweep();
      };
      const fileWrites = async () => {
        await repo.clone.git("pull", "--quiet", "--ff-only", "origin", "main");
        await repo.push({ [planPath(slug)]: withStatus(fileIn(repo.clone, slug), "active") });
        return sweep();
      };
      for (let round = 0; round < 2; round++) {
        expect(found(await hubWrites(), slug)).toEqual([]);
        expect(statusIn(await remoteFile(repo))).toBe("blocked");
        expect(found(await fileWrites(), slug)).toEqual([]);
        expect(await hubSays(slug)).toMatchObject({ plan: "active", base: "active" });
        await fleet.passTime(15);
      }
      const commits = (await syncCommits(repo)).length;
      for (let tick = 0; tick < 3; tick++) {
        expect(found(await hubWrites(), slug)).toEqual(["C-15 active and blocked"]);
        expect(await hubSays(slug)).toMatchObject({ plan: "blocked", base: "active", pending: 0 });
        expect(statusIn(await remoteFile(repo))).toBe("active");
        await fleet.passTime(15);
      }
      expect(await syncCommits(repo)).toHaveLength(commits);
      // Other fields go on meanwhile.
      await setTask(slug, "in_progress");
      await sweep();
      expect(taskStatusIn(await remoteFile(repo))).toBe("in_progress");

      await fleet.passTime(22 * 60);
      expect(found(await sweep(), slug)).toEqual(["C-15 active and blocked"]);
      await fleet.passTime(60);
      expect(found(await sweep(), slug)).toEqual([]);
      await expectAgreed(repo, "blocked", "in_progress");
    },
    WATCHDOG,
  );

  test(
    "in the same interval: each value of the hub that lost is kept, in order",
    async () => {
      const slug = "clash";
      const repo = await settled(slug);
      const rounds = [
        ["draft", "blocked"],
        ["active", "cancelled"],
        ["finished", "archived"],
      ] as const;
      for (const [file, hub] of rounds) {
        await repo.push({ [planPath(slug)]: withStatus(fileIn(repo.clone, slug), file) });
        await setPlan(slug, hub);
        await sweep();
        expect(await hubSays(slug)).toMatchObject({ plan: file, base: file, pending: 0 });
      }
      const [told] = await explain(fleet.hub.database.sql, planId(slug), hostname());
      expect(told?.lost.map(({ file_value, hub_value }) => [file_value, hub_value])).toEqual(
        rounds.map(([file, hub]) => [file, hub]).toReversed(),
      );
      expect(await syncCommits(repo)).toHaveLength(1);
    },
    WATCHDOG,
  );
});

test(
  "a repository that is removed while its push is under way: no row is lost, and added again it goes on",
  async () => {
    const slug = "removed";
    const repo = await settled(slug);
    await setTask(slug, "in_progress");
    const gate = gateOn(join(fleet.folder, slug), [repo]);
    const sweeping = sweep();
    await gate.arrivals(1);
    await fleet.hub.database.sql`update repos set removed_at = now() where slug = ${slug}`;
    gate.open();
    await sweeping;
    await fleet.hub.database.sql`update repos set removed_at = null where slug = ${slug}`;
    rmSync(join(repo.path, "hooks/pre-receive"));
    await sweep();
    await expectAgreed(repo, "active", "in_progress");
    expect(await syncCommits(repo)).toHaveLength(2);
  },
  WATCHDOG,
);
