// The manifests against what no schema can see, and every rule against a manifest that breaks it.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TWINS } from "../support/manifests/broken_twins.ts";
import { FOLDERS, worldOf } from "../support/manifests/folders.ts";
import { MADE_BY_A_PERSON } from "../support/manifests/outside.ts";
import { breaches, RULES } from "../support/manifests/rules.ts";
import { spoiled } from "../support/manifests/twins/twin.ts";

const K8S = join(import.meta.dir, "../../k8s");

describe("breaches()", () => {
  for (const folder of FOLDERS) {
    test(`finds none in k8s/${folder}`, async () => {
      expect(breaches(await worldOf(folder))).toEqual([]);
    });
  }

  for (const twin of TWINS) {
    test(`names ${twin.rule} for ${twin.at} in k8s/${twin.folder}: ${twin.how}`, async () => {
      const world = await worldOf(twin.folder);
      const found = breaches({ ...world, manifests: spoiled(world.manifests, twin) });
      expect(found.filter((line) => line.startsWith(`${twin.rule}: ${twin.at}: `))).not.toEqual([]);
    });
  }

  test("has no rule that nothing was ever seen to break", () => {
    const shown = new Set(TWINS.map(({ rule }) => rule));
    expect(RULES.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual([]);
    expect(TWINS.map(({ rule }) => rule).filter((rule) => !RULES.some(({ id }) => id === rule))).toEqual([]);
  });
});

describe("k8s/README.md", () => {
  test("lists what a person makes first, with the keys that the manifests read", () => {
    const text = readFileSync(join(K8S, "README.md"), "utf8");
    const rows = [...text.matchAll(/^\| (\S+) \| ((?:Secret|ConfigMap)\/\S+) \| ([^|]+) \|/gm)];
    const listed = rows.map(([, namespace, what, keys = ""]) => [namespace, what, keys.match(/[^`, ]+/g)]);
    const made = Object.entries(MADE_BY_A_PERSON).flatMap(([namespace, each]) =>
      Object.entries(each).map(([what, keys]) => [namespace, what, keys]),
    );
    expect(JSON.stringify(listed)).toBe(JSON.stringify(made));
  });

  test("makes the namespaces before what goes into them, and names files that are there", () => {
    const text = readFileSync(join(K8S, "README.md"), "utf8");
    const commands = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.split("\n"));
    const first = (part: RegExp) => commands.findIndex((line) => part.test(line));
    expect(first(/apply -f .*platform\/namespace\.yaml .*apps\/namespace\.yaml/)).toBeGreaterThanOrEqual(0);
    expect(first(/namespace\.yaml/)).toBeLessThan(first(/kubectl (-n|diff|apply -k)/));
    expect(first(/create secret/)).toBeLessThan(first(/apply -k k8s\/platform/));
    expect(first(/apply -k k8s\/platform/)).toBeLessThan(first(/apply -k k8s\/apps/));
    const named = commands.join("\n").match(/\bk8s\/[\w./-]+/g) ?? [];
    expect(named.filter((path) => !existsSync(join(K8S, "..", path)))).toEqual([]);
  });

  test("names every folder and every decision that a name which answers nowhere waits for", async () => {
    const text = readFileSync(join(K8S, "README.md"), "utf8");
    for (const folder of FOLDERS) expect(text).toContain(`[${folder}/]`);
    const waiting = new Set<string>();
    for (const folder of FOLDERS) {
      const { manifests } = await worldOf(folder);
      for (const [name] of JSON.stringify(manifests).matchAll(/[\w.-]+\.example\b/g)) waiting.add(name);
    }
    expect([...waiting].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
    expect(waiting.size).toBeGreaterThan(0);
  });
});
