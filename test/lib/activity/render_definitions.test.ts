// From definitions to files and back: what is written, what is left as it is, and what a comparison sees afterwards.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareFiles } from "../../../lib/activity/compare_files.ts";
import { readDefinitions } from "../../../lib/activity/read_definitions.ts";
import { renderDefinitions } from "../../../lib/activity/render_definitions.ts";
import { definitionText, toolkitWith } from "./definition_folder.ts";

const PATHS = [
  "systemd/active/watering.service",
  "systemd/active/watering.timer",
  "k8s/apps/cronjob-watering.yaml",
] as const;
let toolkit: ReturnType<typeof toolkitWith>;
beforeEach(() => {
  toolkit = toolkitWith({ "watering.md": definitionText() });
});
afterEach(() => toolkit.remove());

const read = () => readDefinitions(toolkit.folder);
const render = (dryRun = false) => renderDefinitions(toolkit.root, read(), dryRun);
const compare = () => compareFiles(toolkit.root, read());
const pathOf = (path: string) => join(toolkit.root, path);
const textOf = (path: string) => readFileSync(pathOf(path), "utf8");

describe("renderDefinitions()", () => {
  test("writes unit, timer and CronJob with the schedule and deadlines of the definition, for everybody to read", () => {
    expect(render().map(({ path, did }) => [path, did])).toEqual(PATHS.map((path) => [path, "written"]));
    const [service, timer, cronJob] = PATHS.map(textOf);
    expect(service).toContain("TimeoutStartSec=360s\n");
    expect(service).toContain("--max-seconds 300");
    expect(timer).toContain("OnCalendar=*-*-* *:00/15:00 UTC\n");
    expect(cronJob).toContain('schedule: "*/15 * * * *"\n');
    expect(cronJob).toContain("activeDeadlineSeconds: 420\n");
    for (const path of PATHS) {
      expect(textOf(path)).toStartWith("# Rendered from k8s/activity-definitions/watering.md ");
      expect(statSync(pathOf(path)).mode & 0o777).toBe(0o644);
    }
    expect(compare()).toEqual([]);
  });

  test("leaves a file alone that says the same, and writes one that doesn't", () => {
    render();
    const before = PATHS.map((path) => statSync(pathOf(path)).ino);
    writeFileSync(pathOf(PATHS[1]), textOf(PATHS[1]).replace("00/15", "00/10"));
    expect(render().map(({ did }) => did)).toEqual(["same", "written", "same"]);
    const after = PATHS.map((path) => statSync(pathOf(path)).ino);
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    expect(textOf(PATHS[1])).toContain("00/15");
  });

  test("writes nothing on a dry run, and says what it would", () => {
    expect(render(true).map(({ did }) => did)).toEqual(["written", "written", "written"]);
    expect(readdirSync(toolkit.root)).toEqual(["k8s"]);
    expect(readdirSync(join(toolkit.root, "k8s"))).toEqual(["activity-definitions"]);
  });

  test("has no unit and no CronJob for what an event triggers, and goes on beside a broken file", () => {
    toolkit.write(
      "a.md",
      definitionText({
        id: "a.b",
        uuid: "44444444-4444-4444-8444-444444444444",
        name: "B",
        trigger: "{event: org.a.b}",
      }),
    );
    toolkit.write("c.md", definitionText({ id: "a.c", uuid: "x" }));
    expect(render().map(({ path }) => path)).toEqual([...PATHS]);
  });
});

describe("compareFiles()", () => {
  test("names a file that is missing, and the first line of one that differs", () => {
    render();
    rmSync(pathOf(PATHS[0]));
    writeFileSync(
      pathOf(PATHS[2]),
      textOf(PATHS[2]).replace("activeDeadlineSeconds: 420", "activeDeadlineSeconds: 30"),
    );
    const line =
      textOf(PATHS[2])
        .split("\n")
        .findIndex((each) => each.includes("activeDeadlineSeconds: 30")) + 1;
    expect(compare()).toMatchObject([
      {
        where: PATHS[0],
        kind: "missing",
        definition: "garden.watering",
        remedy: "scripts/activity_definitions.ts render",
      },
      {
        where: `${PATHS[2]}:${line}`,
        kind: "differs",
        has: expect.stringContaining("activeDeadlineSeconds: 30"),
        wants: expect.stringContaining("activeDeadlineSeconds: 420"),
      },
    ]);
  });

  test("sees a changed definition in all that follows from it", () => {
    render();
    toolkit.write("watering.md", definitionText({ trigger: '\n  cron: "*/30 * * * *"', max_seconds: "400" }));
    const wants = compare().map(({ where, wants }) => [where.replace(/:\d+$/, ""), wants?.trim()]);
    expect(wants).toEqual([
      [PATHS[0], expect.stringContaining("--max-seconds 400")],
      [PATHS[1], expect.stringContaining("*/30 * * * *")],
      [PATHS[2], 'schedule: "*/30 * * * *"'],
    ]);
    render();
    expect(textOf(PATHS[1])).toContain("OnCalendar=*-*-* *:00,30:00 UTC\n");
    expect(compare()).toEqual([]);
  });

  test("finds a rendered file whose definition is gone, and no other file", () => {
    render();
    rmSync(join(toolkit.folder, "watering.md"));
    toolkit.write("weeding.md", definitionText({ id: "garden.weeding" }));
    render();
    writeFileSync(pathOf("systemd/active/by-hand.service"), "[Service]\n");
    expect(compare().map(({ where, kind, remedy }) => [where, kind, remedy])).toEqual(
      PATHS.map((path) => [path, "left_over", `git rm ${path}`]),
    );
  });

  test("calls nothing left over as long as a file is broken: it may be its own", () => {
    render();
    toolkit.write("watering.md", definitionText({ owner: "me" }));
    mkdirSync(pathOf("systemd/active"), { recursive: true });
    expect(compare()).toEqual([]);
  });
});
