// Which changes of files and registry tell others: those that happened, once, and never one that was only tried.
import { describe, expect, test } from "bun:test";
import { addRepo, removeRepo } from "../../lib/consistency/repo_registry.ts";
import { workplanText } from "../support/git_repo.ts";
import { TEST_HOST, type TestHub } from "../support/hub.ts";
import { inScene } from "../support/scene.ts";

const PATH = "workplans/A-WP-0001.md";
const plan = (status: string) => workplanText({ id: "A-WP-0001", status, tasks: [{ id: "A-WP-0001-T01" }] });

async function told({ database }: TestHub): Promise<unknown[]> {
  const rows = await database.sql<{ event: unknown }[]>`
    select json_build_array(subject, attributes ->> 'repo', attributes ->> 'workplan_id', attributes ->> 'from', attributes ->> 'to')
      as event from outbox order by created_at, id`;
  return rows.map(({ event }) => event);
}

const registered = (from: string | null = null) => ["org.statehub.repo.registered", "a", null, from, "registered"];
const completed = (from: string) => ["org.statehub.workstream.completed", "a", "A-WP-0001", from, "finished"];

describe("a workplan whose file says finished", () => {
  test("tells others when it was not finished before, and once", () =>
    inScene(async ({ hub, repo }) => {
      const made = await repo("a", { [PATH]: plan("active") });
      await hub.check({ path: made.path });
      expect(await told(hub)).toEqual([registered()]);
      await made.commit({ [PATH]: plan("finished") });
      await hub.check({ all: true }, { dryRun: true });
      expect(await told(hub)).toEqual([registered()]);
      await hub.check({ all: true });
      await hub.check({ all: true }, { full: true });
      expect(await told(hub)).toEqual([registered(), completed("active")]);
    }));

  test("tells nobody when the hub sees it for the first time", () =>
    inScene(async ({ hub, repo }) => {
      const made = await repo("a", { [PATH]: plan("finished") });
      await hub.check({ path: made.path });
      expect(await told(hub)).toEqual([registered()]);
    }));

  test("tells again after it was reopened", () =>
    inScene(async ({ hub, repo }) => {
      const made = await repo("a", { [PATH]: plan("blocked") });
      await hub.check({ path: made.path });
      for (const status of ["finished", "active", "finished"]) {
        await made.commit({ [PATH]: plan(status) });
        await hub.check({ all: true });
      }
      expect(await told(hub)).toEqual([registered(), completed("blocked"), completed("active")]);
    }));
});

describe("a repository", () => {
  test("tells others when it is registered, and again when it comes back; not when it is added twice", () =>
    inScene(async ({ hub, repo }) => {
      const made = await repo("a", { [PATH]: plan("active") });
      const add = () =>
        hub.database.transaction((tx) =>
          addRepo(tx, { path: made.path, host: TEST_HOST, slug: null, domain: null, remoteUrl: null }),
        );
      await add();
      await add();
      await hub.database.transaction((tx) => removeRepo(tx, "a"));
      await add();
      expect(await told(hub)).toEqual([registered(), registered("removed")]);
    }));
});
