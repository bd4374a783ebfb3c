// Which row a file speaks of, decided from values alone: every combination of what the file says, what the hub has and
// who else claims it. Where two readings are possible nothing may be written.
import { describe, expect, test } from "bun:test";
import { addReading, Claims, type IdOwner } from "../../../lib/consistency/claims.ts";
import type { HubSnapshot, TaskRow, WorkstreamRow } from "../../../lib/consistency/hub_snapshot.ts";
import { foreignRowIds, type Matches, matchFiles } from "../../../lib/consistency/match_files.ts";
import type { RepoReading } from "../../../lib/consistency/repo_reading.ts";
import { parseWorkplan } from "../../../lib/workplan/parse_workplan.ts";
import { type TaskText, workplanText } from "../../support/git_repo.ts";

const HERE = "repo-here";
const THERE = "repo-there";
// Hub ids that can be read in a failed expectation.
const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;

interface File {
  readonly id: string;
  readonly hub?: number;
  readonly tasks?: readonly (TaskText & { hub?: number })[];
  readonly broken?: boolean;
  readonly path?: string;
}

interface Row {
  readonly hub: number;
  readonly id: string;
  readonly repo?: string;
  readonly path?: string;
  /** Task id to hub id. */
  readonly tasks?: Readonly<Record<string, number>>;
}

function reading(files: readonly File[]): RepoReading {
  const found = files.map(({ id, hub, tasks = [], broken, path = `workplans/${id}.md` }) => {
    const blocks = tasks.map(({ hub: taskHub, ...task }) => ({ ...task, ...(taskHub && { hubId: uuid(taskHub) }) }));
    const text = workplanText({ id, ...(hub && { hubId: uuid(hub) }), tasks: blocks });
    const parsed = parseWorkplan(path, Buffer.from(broken ? text.replace("status: active", "status: odd") : text));
    if (parsed.state === "ignored") throw new Error(`${path} is no workplan`);
    return { blob: "b".repeat(40), reading: parsed };
  });
  return { commit: "c".repeat(40), tree: null, files: found, ignored: [], uncommitted: [] };
}

const QUIET = {
  stale_source: false,
  missing_since: null,
  missing_at_commit: null,
  orphaned_at: null,
  base: null,
  extra: {},
};

function snapshot(rows: readonly Row[]): HubSnapshot {
  const workstreams = rows.map(
    ({ hub, id, repo = HERE, path = `workplans/${id}.md` }) =>
      ({ ...QUIET, id: uuid(hub), repo_id: repo, workplan_id: id, path, depends_on: [] }) as unknown as WorkstreamRow,
  );
  const tasks = rows.flatMap(({ hub, repo = HERE, tasks: own = {} }) =>
    Object.entries(own).map(
      ([id, n]) =>
        ({
          ...QUIET,
          id: uuid(n),
          repo_id: repo,
          workstream_id: uuid(hub),
          task_id: id,
          line: 1,
        }) as unknown as TaskRow,
    ),
  );
  const empty = { intents: [], sent: [], recent_writes: [], conflicts: [], files: [] };
  return { now: "2026-01-01T00:00:00Z", last_source_commit: null, workstreams, tasks, ...empty };
}

interface Scene {
  readonly files: readonly File[];
  readonly rows?: readonly Row[];
  /** Files of another repository. */
  readonly elsewhere?: readonly File[];
}

function match({ files, rows = [], elsewhere = [] }: Scene): { matches: Matches; claims: Claims; read: RepoReading } {
  const claims = new Claims();
  const read = reading(files);
  addReading(claims, HERE, read);
  addReading(claims, THERE, reading(elsewhere));
  for (const { hub, id, repo = HERE, tasks = {} } of rows) {
    const owner: IdOwner = { kind: "workstream", repoId: repo, workplanId: id, taskId: null };
    claims.addOwner(uuid(hub), owner);
    for (const [taskId, n] of Object.entries(tasks)) claims.addOwner(uuid(n), { ...owner, kind: "task", taskId });
  }
  return { matches: matchFiles(HERE, read, snapshot(rows), claims), claims, read };
}

const said = (id: object) => ("verdict" in id ? id.verdict : "code" in id ? id.code : "?") as string;
const tail = (id: string | undefined) => (id === undefined ? null : Number(id.slice(-12)));

/** "A-WP-0001 renamed 7": the verdict on each file and the row that it speaks of. */
const verdicts = (scene: Scene) =>
  match(scene).matches.workplans.map(
    ({ reading: file, id, row }) => `${file.workplan.id} ${said(id)} ${tail(row?.id)}`,
  );
const taskVerdicts = (scene: Scene) =>
  match(scene).matches.workplans.flatMap(({ tasks }) =>
    tasks.map(({ block, id, row }) => `${block.id} ${said(id)} ${tail(row?.id)}`),
  );

const A = "A-WP-0001";
const B = "B-WP-0001";

describe("matchFiles() on workplans", () => {
  const table: [string, Scene, string[]][] = [
    ["mints for a new plan without an id", { files: [{ id: A }] }, [`${A} absent null`]],
    ["finds a row by its key alone", { files: [{ id: A }], rows: [{ id: A, hub: 1 }] }, [`${A} absent 1`]],
    ["agrees where both say the same", { files: [{ id: A, hub: 1 }], rows: [{ id: A, hub: 1 }] }, [`${A} same 1`]],
    ["adopts an id that nobody knows", { files: [{ id: A, hub: 9 }] }, [`${A} adopt null`]],
    [
      "keeps the hub's id for a known key",
      { files: [{ id: A, hub: 9 }], rows: [{ id: A, hub: 1 }] },
      [`${A} hub_stands 1`],
    ],
    [
      "freezes the id of another row",
      {
        files: [
          { id: A, hub: 2 },
          { id: B, hub: 2 },
        ],
        rows: [
          { id: A, hub: 1 },
          { id: B, hub: 2 },
        ],
      },
      [`${A} id_of_another_row 1`, `${B} same 2`],
    ],
    [
      "freezes the id of a task",
      { files: [{ id: A, hub: 5 }], rows: [{ id: B, hub: 1, tasks: { T: 5 } }] },
      [`${A} id_of_another_row null`],
    ],
    ["sees a rename", { files: [{ id: B, hub: 1 }], rows: [{ id: A, hub: 1 }] }, [`${B} renamed 1`]],
    [
      "sees no rename while the old key stands in a file",
      { files: [{ id: A }, { id: B, hub: 1 }], rows: [{ id: A, hub: 1 }] },
      [`${A} absent 1`, `${B} id_of_another_row null`],
    ],
    [
      "sees no rename while an unreadable file could be the old one",
      {
        files: [
          { id: "X-WP-0001", broken: true },
          { id: B, hub: 1 },
        ],
        rows: [{ id: A, hub: 1, path: "workplans/old.md" }],
      },
      [`${B} id_of_another_row null`],
    ],
    ["sees a move", { files: [{ id: A, hub: 1 }], rows: [{ id: A, hub: 1, repo: THERE }] }, [`${A} moved 1`]],
    [
      "sees no move while the other repository has the file",
      { files: [{ id: A, hub: 1 }], rows: [{ id: A, hub: 1, repo: THERE }], elsewhere: [{ id: A, hub: 1 }] },
      [`${A} id_in_two_files null`],
    ],
    [
      "freezes two files of one id",
      { files: [{ id: A }, { id: A, path: "workplans/b.md" }] },
      [`${A} id_in_two_files null`, `${A} id_in_two_files null`],
    ],
    [
      "freezes the sound one of two, too",
      { files: [{ id: A }, { id: A, path: "workplans/b.md", broken: true }] },
      [`${A} id_in_two_files null`],
    ],
    [
      "freezes a new id in two places",
      {
        files: [
          { id: A, hub: 9 },
          { id: B, hub: 9 },
        ],
      },
      [`${A} id_in_two_places null`, `${B} id_in_two_places null`],
    ],
    [
      "freezes a chain of renames instead of guessing",
      {
        files: [
          { id: B, hub: 1 },
          { id: "C-WP-0001", hub: 2 },
        ],
        rows: [
          { id: A, hub: 1 },
          { id: B, hub: 2 },
        ],
      },
      [`${B} id_of_another_row 2`, "C-WP-0001 id_of_another_row null"],
    ],
  ];
  for (const [what, scene, wanted] of table) test(what, () => expect(verdicts(scene)).toEqual(wanted));
});

describe("matchFiles() on tasks", () => {
  const [t1, t2] = [`${A}-T01`, `${A}-T02`];
  const inA = (tasks: Record<string, number>): Row[] => [{ id: A, hub: 1, tasks }];
  const table: [string, Scene, string[]][] = [
    [
      "mints, agrees and adopts",
      {
        files: [{ id: A, tasks: [{ id: t1 }, { id: t2, hub: 5 }, { id: `${A}-T03`, hub: 6 }] }],
        rows: inA({ [t2]: 5 }),
      },
      [`${t1} absent null`, `${t2} same 5`, `${A}-T03 adopt null`],
    ],
    [
      "keeps the hub's id for a known key",
      { files: [{ id: A, tasks: [{ id: t1, hub: 9 }] }], rows: inA({ [t1]: 5 }) },
      [`${t1} hub_stands 5`],
    ],
    [
      "sees a renumbered block",
      { files: [{ id: A, tasks: [{ id: t2, hub: 5 }] }], rows: inA({ [t1]: 5 }) },
      [`${t2} renamed 5`],
    ],
    [
      "freezes the copy and not the original",
      {
        files: [
          {
            id: A,
            tasks: [
              { id: t1, hub: 5 },
              { id: t2, hub: 5 },
            ],
          },
        ],
        rows: inA({ [t1]: 5 }),
      },
      [`${t1} same 5`, `${t2} id_of_another_row null`],
    ],
    [
      "freezes both of a new pair",
      {
        files: [
          {
            id: A,
            tasks: [
              { id: t1, hub: 9 },
              { id: t2, hub: 9 },
            ],
          },
        ],
      },
      [`${t1} id_in_two_places null`, `${t2} id_in_two_places null`],
    ],
    [
      "sees a block that moved to another plan",
      {
        files: [{ id: A }, { id: B, tasks: [{ id: `${B}-T07`, hub: 5 }] }],
        rows: [...inA({ [t1]: 5 }), { id: B, hub: 2 }],
      },
      [`${B}-T07 moved 5`],
    ],
    [
      "sees no move out of a plan with a block that cannot be read",
      {
        files: [
          { id: A, tasks: [{ id: t2, status: "odd" }] },
          { id: B, tasks: [{ id: `${B}-T07`, hub: 5 }] },
        ],
        rows: [...inA({ [t1]: 5 }), { id: B, hub: 2 }],
      },
      [`${B}-T07 id_of_another_row null`],
    ],
  ];
  for (const [what, scene, wanted] of table) test(what, () => expect(taskVerdicts(scene)).toEqual(wanted));
});

describe("matchFiles() on what is gone", () => {
  const gone = (scene: Scene) => match(scene).matches.missing.map(({ id }) => tail(id));
  const goneTasks = (scene: Scene) => match(scene).matches.missingTasks.map(({ id }) => tail(id));
  const rows: Row[] = [
    { id: A, hub: 1, tasks: { [`${A}-T01`]: 5 } },
    { id: B, hub: 2 },
  ];

  test("counts a row as missing only when no file speaks of it, by id, hub id or path", () => {
    expect(gone({ files: [{ id: A }], rows })).toEqual([2]);
    expect(gone({ files: [{ id: A }, { id: B, broken: true }], rows })).toEqual([]);
    expect(gone({ files: [{ id: A }, { id: "X-WP-0001", broken: true, path: `workplans/${B}.md` }], rows })).toEqual(
      [],
    );
  });

  test("does not count a row whose hub id stands in another repository: it is on its way", () => {
    expect(gone({ files: [{ id: A }], rows, elsewhere: [{ id: B, hub: 2 }] })).toEqual([]);
  });

  test("suspends every absence while a failed file matches no row", () => {
    expect(match({ files: [{ id: "X-WP-0001", broken: true }], rows }).matches.suspended).toBe(true);
    expect(match({ files: [{ id: A, broken: true }], rows }).matches.suspended).toBe(false);
  });

  test("counts a task as missing only in a plan that was read whole, and not while its id stands elsewhere", () => {
    expect(goneTasks({ files: [{ id: A }], rows })).toEqual([5]);
    expect(goneTasks({ files: [{ id: A, tasks: [{ id: `${A}-T02`, status: "odd" }] }], rows })).toEqual([]);
    expect(goneTasks({ files: [{ id: A, broken: true }], rows })).toEqual([]);
    expect(
      goneTasks({
        files: [{ id: A }],
        rows,
        elsewhere: [{ id: "C-WP-0001", tasks: [{ id: "C-WP-0001-T01", hub: 5 }] }],
      }),
    ).toEqual([]);
  });
});

describe("foreignRowIds()", () => {
  test("names the rows of other repositories that files here claim, and no others", () => {
    const { read, claims } = match({
      files: [
        { id: A, hub: 1, tasks: [{ id: `${A}-T01`, hub: 5 }] },
        { id: B, hub: 2 },
        { id: "C-WP-0001", hub: 9 },
      ],
      rows: [
        { id: A, hub: 1, repo: THERE, tasks: { [`${A}-T01`]: 5 } },
        { id: B, hub: 2 },
      ],
    });
    expect(foreignRowIds(HERE, read, claims)).toEqual([uuid(1), uuid(5)]);
  });
});
