// C-05: one id in two places. Both places are told, no row is made for either, and a row that was there stays as it was.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play, type World } from "./scene.ts";

function inFile(path: string, subject: string) {
  return { check: "C-05", severity: "error", path, line: 1, column: 1, subject } as const;
}

async function rowsOf({ sql, slug }: World): Promise<unknown[]> {
  const rows = await sql`
    select w.workplan_id, w.status from workstreams w join repos r on r.id = w.repo_id
    where r.slug = ${slug} order by w.workplan_id`;
  return [...rows];
}

describe("duplicateId", () => {
  test("tells of both blocks with one task id, and not of the block between them", async () => {
    const text = workplanText({
      id: "CE-WP-0001",
      tasks: [{ id: "CE-WP-0001-T01" }, { id: "CE-WP-0001-T02" }, { id: "CE-WP-0001-T01", status: "blocked" }],
    });
    const { told, exitCode } = await play({ files: { "workplans/CE-WP-0001.md": text } });
    const block = {
      check: "C-05",
      severity: "error",
      path: "workplans/CE-WP-0001.md",
      subject: "CE-WP-0001-T01",
    } as const;
    expect(told).toEqual([
      { ...block, ...placeOf(text, "CE-WP-0001-T01\nstatus: todo") },
      { ...block, ...placeOf(text, "CE-WP-0001-T01\nstatus: blocked") },
    ]);
    expect(exitCode).toBe(1);
  });

  test("tells of both files of a repository, makes a row for neither, and leaves their neighbour alone", async () => {
    let rows: unknown[] = [];
    const { told } = await play({
      files: {
        "workplans/CE-WP-0002.md": workplanText({ id: "CE-WP-0002" }),
        "workplans/copy/CE-WP-0002.md": workplanText({ id: "CE-WP-0002" }),
        "workplans/CE-WP-0003.md": workplanText({ id: "CE-WP-0003" }),
      },
      after: async (world) => (rows = await rowsOf(world)),
    });
    expect(told).toEqual([
      inFile("workplans/CE-WP-0002.md", "CE-WP-0002"),
      inFile("workplans/copy/CE-WP-0002.md", "CE-WP-0002"),
    ]);
    expect(rows).toEqual([{ workplan_id: "CE-WP-0003", status: "active" }]);
  });

  test("is silent about the near twin, two files whose ids differ in one digit", async () => {
    const { told } = await play({
      files: {
        "workplans/CE-WP-0004.md": workplanText({ id: "CE-WP-0004" }),
        "workplans/copy/CE-WP-0005.md": workplanText({ id: "CE-WP-0005" }),
      },
    });
    expect(told).toEqual([]);
  });

  test("tells of the file whose id another repository has, makes no row, and keeps the one that was there", async () => {
    const files = (status: string) => ({ "workplans/CE-WP-0006.md": workplanText({ id: "CE-WP-0006", status }) });
    let first: World | undefined;
    await play({ files: files("active"), after: async (world) => (first = world) });
    let rows: unknown[] = [];
    const { told, findings } = await play({
      files: files("blocked"),
      after: async (world) => (rows = [await rowsOf(world), first ? await rowsOf(first) : null]),
    });
    expect(told).toEqual([inFile("workplans/CE-WP-0006.md", "CE-WP-0006")]);
    expect(findings[0]?.observed).toContain(`${first?.slug}:workplans/CE-WP-0006.md`);
    expect(rows).toEqual([[], [{ workplan_id: "CE-WP-0006", status: "active" }]]);
  });
});
