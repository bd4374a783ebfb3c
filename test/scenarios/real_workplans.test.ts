// Workplans as people wrote them, and the other Markdown that lives beside them in public repositories: all of it through
// the whole program. A reader that only knows its own fixtures turns the first real folder into noise.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FleetResult } from "../../lib/consistency/run_ledger.ts";
import { type Files, makeRepo, temporaryFolder } from "../support/git_repo.ts";
import { freshHub, type TestHub } from "../support/hub.ts";

const FIXTURES = join(import.meta.dir, "../lib/workplan/fixtures");
const REAL = { "STATE-WP-0064": 5, "CUST-WP-0011": 9, "CUST-WP-0038": 8 } as const;

let hub: TestHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

function realFiles(): Files {
  return Object.fromEntries(
    Object.keys(REAL).map((id) => [`workplans/${id}.md`, readFileSync(join(FIXTURES, `${id}.md`), "utf8")]),
  );
}

/** Every hub id that stands in a text, by the key that it stands under. */
function idsIn(text: string, key: string): string[] {
  return [...text.matchAll(new RegExp(`^${key}: "([0-9a-f-]{36})"$`, "gm"))].map((match) => match[1] ?? "").sort();
}

describe("three real workplans", () => {
  let first: FleetResult;
  beforeAll(async () => {
    const repo = await makeRepo(folder.path, "real", realFiles());
    first = await hub.check({ path: repo.path });
  });

  test("are all found and parsed, with every task, and leave nothing to write back", () => {
    expect(first.report.automation_error).toBeNull();
    expect(first.report.repos_processed).toEqual([
      expect.objectContaining({
        slug: "real",
        workplans: { found: 3, parsed: 3, failed: 0, ignored: 0 },
        tasks: { found: 22, parsed: 22, failed: 0 },
        actions: { created: 25, updated: 0, orphaned: 0, written_back: 0, pending_writeback: 0 },
      }),
    ]);
  });

  test("have no open error, so that a strict run exits 0", () => {
    expect(first.report.assessment_failures.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(first.report.exit_code).toBe(0);
  });

  test("keep every id that stands in their files", async () => {
    const text = Object.values(realFiles()).join("\n");
    const rows = await hub.database.sql<{ id: string; workplan_id: string; tasks: string[] }[]>`
      select w.id, w.workplan_id, (select json_agg(t.id order by t.id) from tasks t where t.workstream_id = w.id) as tasks
      from workstreams w join repos r on r.id = w.repo_id where r.slug = 'real'`;
    expect(rows.map(({ id }) => id).sort()).toEqual(idsIn(text, "state_hub_workstream_id"));
    expect(rows.flatMap(({ tasks }) => tasks).sort()).toEqual(idsIn(text, "state_hub_task_id"));
    expect(rows.find(({ workplan_id }) => workplan_id === "STATE-WP-0064")?.id).toBe(
      "669d810a-53f4-448b-a0c1-a6543daa7c44",
    );
    const counts = Object.fromEntries(rows.map(({ workplan_id, tasks }) => [workplan_id, tasks.length]));
    expect(counts).toEqual(REAL);
  });

  test("are nothing to do for a second run", async () => {
    const second = await hub.check({ slug: "real" }, { full: true });
    expect(second.report).toMatchObject({ repos_processed: [], skipped_clean: ["real"], exit_code: 0 });
  });
});

// The shapes that public repositories keep under such a folder, in words of our own.
const SHAPES: Files = {
  // One task a file, as backlog tools write them.
  "workplans/tasks/task-12 - Cache-the-index.md": `---
id: task-12
title: Cache the index
status: In Progress
assignee: ['@ada']
labels: [performance]
dependencies: []
priority: high
---

## Description

The index is built on every start.
`,
  "workplans/adr/0007-use-a-queue.md": `# 7. Use a queue

Date: 2026-01-09

## Status

Accepted
`,
  "workplans/adr/0008-madr.md": `---
type: adr
status: accepted
date: 2026-01-10
deciders: [ada, brook]
---

# Keep the queue
`,
  "workplans/notes.md": "Call the plumber.\n\n--- \n\nNot front matter.\n",
  "workplans/_posts/2026-01-11-hello.md": `---
layout: post
type: post
title:  "Hello"
date:   2026-01-11 12:30:00 +0100
categories: [news, more]
---
Hello.
`,
  "workplans/README.md": "---\nid: broken\n",
  // A sound plan without a single task.
  "workplans/SHAPE-WP-0001-no-tasks.md": `---
id: SHAPE-WP-0001
type: workplan
title: Without tasks
domain: testing
repo: shapes
status: draft
owner: somebody
topic_slug: tests
created: 2026-01-02
updated: 2026-01-02
---

# Without tasks

- [ ] not a task block
- [x] nor this
`,
  "workplans/deep/er/still/plan.txt": "---\ntype: workplan\n---\n",
};

describe("the shapes of public repositories", () => {
  test("are told apart: a plan, what is no workplan, and what might have been one", async () => {
    const repo = await makeRepo(folder.path, "shapes", SHAPES);
    const { report } = await hub.check({ path: repo.path });
    expect(report.automation_error).toBeNull();
    expect(report.repos_processed[0]).toMatchObject({
      workplans: { found: 2, parsed: 1, failed: 1, ignored: 4 },
      tasks: { found: 0, parsed: 0, failed: 0 },
      actions: { created: 1 },
    });
    const errors = report.assessment_failures.filter(({ severity }) => severity === "error");
    expect(new Set(errors.map(({ path }) => path))).toEqual(new Set(["workplans/tasks/task-12 - Cache-the-index.md"]));
    // Front matter without `type` could be a workplan whose key was lost: it is told, with what to write to be left alone.
    expect(errors.find(({ subject, message }) => subject === "type" || message.includes("type"))?.hint).toContain(
      "type: note",
    );
    expect(report.exit_code).toBe(1);
  });

  test("with a plan in the middle of noise leave the plan's row as its file says", async () => {
    const [row] = await hub.database.sql<{ title: string; path: string; created: string }[]>`
      select title, path, created::text from workstreams where workplan_id = 'SHAPE-WP-0001'`;
    expect({ ...row }).toEqual({
      title: "Without tasks",
      path: "workplans/SHAPE-WP-0001-no-tasks.md",
      created: "2026-01-02",
    });
  });
});
