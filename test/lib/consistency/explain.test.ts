// What the next run will do with a row is told only where it will do it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { explain } from "../../../lib/consistency/explain.ts";
import { renderExplanations } from "../../../lib/consistency/explain_view.ts";
import { makeRepo, type TestRepo, temporaryFolder, workplanText } from "../../support/git_repo.ts";
import { freshHub, TEST_HOST, type TestHub } from "../../support/hub.ts";
import { plainView } from "../../support/plain_view.ts";

const TAKEN = "its value is taken by the next run";
const folder = temporaryFolder();
let hub: TestHub;
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

function plan(id: string, status: string, taskStatus = "todo", hubId?: string) {
  const tasks = [{ id: `${id}-T01`, status: taskStatus }];
  return { [`workplans/${id}.md`]: workplanText({ id, status, tasks, ...(hubId === undefined ? {} : { hubId }) }) };
}

async function reconciled(name: string, files: Record<string, string>): Promise<TestRepo> {
  const repo = await makeRepo(folder.path, name, files);
  await hub.check({ path: repo.path });
  return repo;
}

async function told(id: string) {
  const explanations = await explain(hub.database.sql, id, TEST_HOST);
  const text = renderExplanations(explanations, await plainView(200));
  const [one] = explanations;
  return { text, heldBack: one?.held_back, rules: one?.fields.map(({ field, file, rule }) => [field, file, rule]) };
}

describe("explain()", () => {
  test("says that the next run takes what moved in the file, and the next run takes it", async () => {
    const repo = await reconciled("sound", plan("EX-WP-0001", "active"));
    await repo.commit(plan("EX-WP-0001", "blocked"));
    const { text, heldBack, rules } = await told("EX-WP-0001");
    expect({ heldBack, rules }).toEqual({ heldBack: null, rules: [["status", "blocked", "file_moved"]] });
    expect(text).toContain(TAKEN);
    await hub.check({ path: repo.path });
    expect((await told("EX-WP-0001")).rules).toEqual([["status", "blocked", "unchanged"]]);
  });

  test("says that nothing is taken from a file whose id stands in two, nor for its tasks", async () => {
    const repo = await reconciled("twice", plan("EX-WP-0002", "active"));
    const [text = ""] = Object.values(plan("EX-WP-0002", "blocked", "done"));
    await repo.commit({ "workplans/EX-WP-0002.md": text, "workplans/EX-WP-0002-copy.md": text });
    await hub.check({ path: repo.path });
    for (const id of ["EX-WP-0002", "EX-WP-0002-T01"]) {
      const { text: shown, heldBack } = await told(id);
      expect(heldBack).toBe("C-05, The workplan id EX-WP-0002 stands in 2 files");
      expect(shown).toContain(`Nothing is taken from the file: ${heldBack}`);
      expect(shown).not.toContain(TAKEN);
    }
  });

  test("says that nothing is taken from a file with another row's id", async () => {
    const repo = await reconciled("stolen", { ...plan("EX-WP-0003", "active"), ...plan("EX-WP-0004", "active") });
    const [row] = await hub.database.sql<{ id: string }[]>`select id from workstreams where workplan_id = 'EX-WP-0003'`;
    await repo.commit(plan("EX-WP-0004", "blocked", "todo", row?.id));
    await hub.check({ path: repo.path });
    const { text, heldBack } = await told("EX-WP-0004");
    expect(heldBack).toBe("C-09, The hub id belongs to EX-WP-0003");
    expect(text).not.toContain(TAKEN);
  });

  test("says that nothing is taken from a checkout that is older than what was applied", async () => {
    const repo = await reconciled("older", plan("EX-WP-0005", "active"));
    await repo.commit(plan("EX-WP-0005", "blocked"));
    await hub.check({ path: repo.path });
    await repo.git("reset", "--quiet", "--hard", "HEAD~1");
    const { text, heldBack, rules } = await told("EX-WP-0005");
    expect(heldBack).toBe("the checkout's tip is older than the commit that was applied last");
    expect(rules).toEqual([["status", "active", "file_moved"]]);
    expect(text).not.toContain(TAKEN);
    expect(text).toContain("nothing, while that is so");
  });

  test("says that a repository was taken out of every run", async () => {
    await reconciled("removed", plan("EX-WP-0006", "active"));
    await hub.database.sql`update repos set removed_at = now() where slug = 'removed'`;
    expect((await told("EX-WP-0006")).text).toContain("its repository was taken out of every run");
  });
});
