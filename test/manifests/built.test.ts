// What `kubectl apply -k` would send, and that the rules look at the same.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FOLDERS, pathOf } from "../support/manifests/folders.ts";
import { type Manifest, nameOf } from "../support/manifests/manifest.ts";
import { builtByKubectl, readFolder } from "../support/manifests/read_folder.ts";
import { describeWithKubectl } from "../support/with_kubectl.ts";

const sorted = (manifests: readonly Manifest[]) => manifests.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));

describeWithKubectl("kubectl kustomize", () => {
  for (const folder of FOLDERS) {
    test(`builds k8s/${folder}, to what readFolder() reads without it`, () => {
      expect(sorted(builtByKubectl(pathOf(folder)))).toEqual(sorted(readFolder(pathOf(folder))));
    });
  }
});

describe("k8s/apps-after-switch", () => {
  test("differs from k8s/apps in the sweep alone, which is awake", () => {
    const [before, after] = [readFolder(pathOf("apps")), readFolder(pathOf("apps-after-switch"))];
    const different = after.filter((each, at) => !Bun.deepEquals(each, before[at]));
    expect(different.map(nameOf)).toEqual(["CronJob/state-hub-consistency-sweep"]);
    const [sweep] = different;
    const asleep = before.find((each) => nameOf(each) === "CronJob/state-hub-consistency-sweep");
    expect({ ...sweep?.spec, suspend: true }).toEqual(asleep?.spec);
  });
});

describe("every folder", () => {
  test("builds each file that lies in it: none is forgotten", () => {
    for (const folder of FOLDERS) {
      const written = readdirSync(pathOf(folder), { recursive: true })
        .map(String)
        .filter((name) => name.endsWith(".yaml") && !name.endsWith("kustomization.yaml"));
      const named = namedIn(pathOf(folder)).map((path) => path.slice(pathOf(folder).length + 1));
      expect(named.filter((name) => !name.startsWith("..")).sort()).toEqual(written.sort());
    }
  });
});

/** Files that a kustomization names, and those of the folders that it names. */
function namedIn(folder: string): string[] {
  const text = Bun.YAML.parse(readFileSync(join(folder, "kustomization.yaml"), "utf8")) as {
    resources?: string[];
    components?: string[];
  };
  return [...(text.resources ?? []), ...(text.components ?? [])]
    .filter((name) => !name.startsWith(".."))
    .flatMap((name) => {
      const path = join(folder, name);
      return existsSync(join(path, "kustomization.yaml")) ? namedIn(path) : [path];
    });
}
