// Who may import whom. The layout is only worth its words while this holds: scripts call capabilities, capabilities open
// doors, doors stand on the ground; an outside package, the environment and the terminal each have one place.
import { describe, expect, test } from "bun:test";
import { accessSync, constants, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { Glob } from "bun";

const ROOT = join(import.meta.dir, "..");
const CAPABILITIES = [
  "consistency",
  "compare",
  "drill",
  "cutover",
  "tunnel",
  "hub",
  "cleanup",
  "activity",
  "runbook",
  "remote",
];
const DOORS = ["db", "workplan", "git", "events", "postgres", "ssh", "kubernetes", "systemd"];
const GROUND = [
  "cli",
  "config",
  "failure",
  "secret",
  "shell_quoted",
  "process",
  "front_matter",
  "metrics",
  "pool",
  "query",
  "work_step",
  "wait_until",
  "within",
  "canonical",
  "whole_file",
  "private_folder",
  "plan",
  "schedule",
  "markdown",
];

/** The one place below lib/ that may import a package; zod is free. */
const HOME_OF_PACKAGE: Readonly<Record<string, string>> = {
  zx: "process",
  "gray-matter": "front_matter",
  yaml: "front_matter",
  yargs: "cli",
  chalk: "cli",
  ora: "cli",
  "cli-table3": "cli",
  "markdown-it": "markdown",
  croner: "schedule",
  postgres: "db",
  nats: "events",
  ssh2: "ssh",
  hono: "hub",
  "@hono/zod-openapi": "hub",
  "swagger-ui-dist": "hub",
  "prom-client": "metrics",
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const transpiler = new Bun.Transpiler({ loader: "ts" });
const sources = [...new Glob("{lib,scripts}/**/*.ts").scanSync(ROOT)].sort();
const textOf = new Map(sources.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
const imports = sources.flatMap(importsOf);

/** Every import, type-only ones included: a type is knowledge of the other side too. */
function importsOf(from: string): Import[] {
  const text = textOf.get(from) ?? "";
  const named = [...text.matchAll(/^(?:import|export)[^;]*?from "([^"]+)"/gm)].map((match) => match[1] ?? "");
  const loaded = transpiler.scanImports(text.replace(/^#!.*/, "")).map(({ path }) => path);
  return [...new Set([...named, ...loaded])].map((path) => ({
    from,
    to: path.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(from), path)) : path,
  }));
}

/** "lib/db/connect.ts" is of "db", "lib/pool.ts" of "pool", "scripts/x.ts" of "scripts". */
function placeOf(file: string): string {
  const [top, next = ""] = file.split("/");
  return top === "lib" ? next.replace(/\.ts$/, "") : (top ?? "");
}

function tierOf(place: string): number {
  if (place === "scripts") return 3;
  if (CAPABILITIES.includes(place)) return 2;
  if (DOORS.includes(place)) return 1;
  if (GROUND.includes(place)) return 0;
  return Number.NaN;
}

/** Whatever leads to itself. */
function inCycles(steps: readonly Import[]): string[] {
  const below = Map.groupBy(steps, ({ from }) => from);
  const reaches = (from: string, wanted: string, seen: Set<string>): boolean =>
    (below.get(from) ?? []).some(({ to }) => to === wanted || (!seen.has(to) && reaches(to, wanted, seen.add(to))));
  return [...below.keys()].filter((each) => reaches(each, each, new Set()));
}

const inside = imports.filter(({ to }) => to.startsWith("lib/") || to.startsWith("scripts/") || to.startsWith("test/"));
const outside = imports.filter(({ to }) => !inside.some((each) => each.to === to) && !/^(node:|bun(:|$))/.test(to));

describe("imports", () => {
  test("every file below lib/ stands in a folder or file that the tiers name", () => {
    expect(sources.filter((file) => Number.isNaN(tierOf(placeOf(file))))).toEqual([]);
  });

  test("go downward only, and never sideways between capabilities or between doors", () => {
    const wrong = inside.filter(({ from, to }) => {
      const [above, below] = [tierOf(placeOf(from)), tierOf(placeOf(to))];
      return placeOf(from) !== placeOf(to) && (below > above || (below === above && above > 0));
    });
    expect(wrong).toEqual([]);
  });

  test("name no test and no script from lib/", () => {
    expect(inside.filter(({ from, to }) => from.startsWith("lib/") && !to.startsWith("lib/"))).toEqual([]);
  });

  test("take an outside package only where it is at home", () => {
    const wrong = outside.filter(({ from, to }) => {
      const name = to.startsWith("@") ? to.split("/").slice(0, 2).join("/") : (to.split("/")[0] ?? to);
      return name !== "zod" && HOME_OF_PACKAGE[name] !== placeOf(from);
    });
    expect(wrong).toEqual([]);
  });

  test("name files with their ending: no folder is imported, so no index file gathers what belongs elsewhere", () => {
    expect(inside.filter(({ to }) => !/\.(ts|sql|json)$/.test(to))).toEqual([]);
    expect(sources.filter((file) => /\/(index|utils?|helpers?|common)\.ts$/.test(file))).toEqual([]);
  });

  test("have no cycle between the parts of the ground", () => {
    const between = inside.map(({ from, to }) => ({ from: placeOf(from), to: placeOf(to) }));
    expect(inCycles(between.filter(({ from, to }) => from !== to && tierOf(from) === 0))).toEqual([]);
  });

  test("have no cycle between files", () => {
    expect(inCycles(inside)).toEqual([]);
  });

  test("were found at all", () => {
    expect(inside.length).toBeGreaterThan(100);
    expect(new Set(outside.map(({ to }) => to.split("/")[0])).size).toBeGreaterThanOrEqual(8);
  });
});

describe("the process", () => {
  const mentions = (pattern: RegExp, allowed: RegExp) =>
    sources.filter((file) => !allowed.test(file) && pattern.test(withoutComments(textOf.get(file) ?? "")));

  test("has its environment read in lib/config.ts only", () => {
    expect(mentions(/process\.env|Bun\.env|import\.meta\.env/, /^lib\/config\.ts$/)).toEqual([]);
  });

  test("is printed to, ended and given its arguments in lib/cli only", () => {
    expect(mentions(/process\.(argv|stdout|stderr|exit|exitCode)\b|console\.|Bun\.argv/, /^lib\/cli\//)).toEqual([]);
  });
});

describe("scripts", () => {
  const scripts = sources.filter((file) => file.startsWith("scripts/"));

  test("start with the shebang that finds the pinned Bun, and carry the run bit", () => {
    for (const file of scripts) {
      expect(textOf.get(file)?.split("\n")[0]).toBe(
        `#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'`,
      );
      accessSync(join(ROOT, file), constants.X_OK);
    }
  });

  test("run only as the entry file, so that a test may import their definition", () => {
    for (const file of scripts) expect(textOf.get(file)).toContain("if (import.meta.main) await main(script);");
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
