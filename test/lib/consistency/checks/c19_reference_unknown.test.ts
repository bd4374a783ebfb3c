// C-19: a reference to a workplan that nobody has is a warning; workplans that wait for one another are an error.
import { describe, expect, test } from "bun:test";
import { workplanText } from "../../../support/git_repo.ts";
import { play } from "./scene.ts";

function reference(id: string, line: string) {
  return { [`workplans/${id}.md`]: workplanText({ id, extra: [line] }) };
}

function told(id: string, severity: "warning" | "error") {
  return { check: "C-19", severity, path: `workplans/${id}.md`, line: 1, column: 1, subject: id } as const;
}

describe("referenceUnknown", () => {
  for (const key of ["depends_on", "follow_up_workplan"]) {
    const [wrong, right] = key === "depends_on" ? ["CR-WP-0001", "CR-WP-0002"] : ["CR-WP-0003", "CR-WP-0004"];
    test(`warns of a ${key} that nobody has, and not of the twin that names its neighbour`, async () => {
      const judged = await play({
        files: { ...reference(wrong, `${key}: CR-WP-9999`), ...reference(right, `${key}: ${wrong}`) },
      });
      expect(judged.told).toEqual([told(wrong, "warning")]);
      expect(judged.findings[0]).toMatchObject({ observed: "CR-WP-9999" });
      expect(judged.exitCode).toBe(0);
    });
  }

  test("falls silent when another repository brings the workplan", async () => {
    const judged = await play({
      files: reference("CR-WP-0005", "depends_on: CR-WP-0006"),
      change: () => play({ files: { "workplans/CR-WP-0006.md": workplanText({ id: "CR-WP-0006" }) } }),
    });
    expect(judged.told).toEqual([]);
  });

  test("is silent about a workplan whose file cannot be used: that is told there", async () => {
    const judged = await play({
      files: {
        ...reference("CR-WP-0007", "depends_on: CR-WP-0008"),
        "workplans/CR-WP-0008.md": workplanText({ id: "CR-WP-0008", status: "actif" }),
      },
    });
    expect(judged.told.map(({ check, subject }) => `${check} ${subject}`)).toEqual(["C-03 CR-WP-0008"]);
  });

  test("is silent about a workplan whose file is gone while its row is there", async () => {
    const judged = await play({
      files: {
        ...reference("CR-WP-0030", "depends_on: CR-WP-0031"),
        "workplans/CR-WP-0031.md": workplanText({ id: "CR-WP-0031" }),
      },
      change: ({ repo }) => repo.commit({ "workplans/CR-WP-0031.md": null }),
    });
    expect(judged.told.map(({ check, subject }) => `${check} ${subject}`)).toEqual(["C-08 CR-WP-0031"]);
  });

  test("is an error for each workplan of a cycle, and not for the twin that only leads into it", async () => {
    const judged = await play({
      files: {
        ...reference("CR-WP-0010", "depends_on: CR-WP-0011"),
        ...reference("CR-WP-0011", "depends_on: CR-WP-0012"),
        ...reference("CR-WP-0012", "depends_on: CR-WP-0010"),
        ...reference("CR-WP-0013", "depends_on: CR-WP-0010"),
      },
    });
    expect(judged.told).toEqual(["CR-WP-0010", "CR-WP-0011", "CR-WP-0012"].map((id) => told(id, "error")));
    expect(judged.exitCode).toBe(1);
  });

  test("is an error for a workplan that waits for itself", async () => {
    const judged = await play({ files: reference("CR-WP-0020", "depends_on: CR-WP-0020") });
    expect(judged.told).toEqual([told("CR-WP-0020", "error")]);
  });
});
