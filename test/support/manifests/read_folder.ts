// What a kustomization folder builds to, by kubectl and by a reading of our own: the first is what people apply, the second
// lets the rules run where there is no kubectl. A test holds the two together.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "./manifest.ts";

interface Image {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}
interface Kustomization {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly images?: readonly Image[];
  readonly patches?: readonly {
    readonly target: { readonly kind: string; readonly name: string };
    readonly patch: string;
  }[];
}

export function manifestsFrom(text: string): Manifest[] {
  return [Bun.YAML.parse(text)].flat() as Manifest[];
}

/** @throws Error with what kubectl said */
export function builtByKubectl(folder: string): Manifest[] {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["kubectl", "kustomize", folder], { timeout: 20_000 });
  if (exitCode !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr.toString()}`);
  return manifestsFrom(stdout.toString());
}

/** Of kustomize only what our folders use: resources, components, images, and patches that replace a value. */
export function readFolder(folder: string): Manifest[] {
  const {
    resources = [],
    components = [],
    images = [],
    patches = [],
    ...more
  } = manifestsFrom(readFileSync(join(folder, "kustomization.yaml"), "utf8"))[0] as unknown as Kustomization;
  const unknown = Object.keys(more).filter((key) => !["apiVersion", "kind"].includes(key));
  if (unknown.length > 0)
    throw new Error(`${folder}/kustomization.yaml has ${unknown}, which this reading does not know`);
  const manifests = [...resources, ...components].flatMap((name) => {
    const path = join(folder, name);
    return existsSync(join(path, "kustomization.yaml")) ? readFolder(path) : manifestsFrom(readFileSync(path, "utf8"));
  });
  for (const { target, patch } of patches) {
    const found = manifests.filter(({ kind, metadata }) => kind === target.kind && metadata.name === target.name);
    for (const each of found) applyPatch(each, Bun.YAML.parse(patch) as Operation[]);
  }
  return images.length === 0 ? manifests : manifests.map((each) => withImages(each, images));
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

function applyPatch(manifest: Manifest, operations: readonly Operation[]): void {
  for (const { op, path, value } of operations) {
    if (op !== "replace") throw new Error(`this reading does not know the patch operation ${op}`);
    const [last = "", ...above] = path.slice(1).split("/").reverse();
    const parent = above
      .reverse()
      .reduce<Record<string, unknown>>(
        (at, key) => at[key] as Record<string, unknown>,
        manifest as unknown as Record<string, unknown>,
      );
    parent[last] = value;
  }
}

function withImages(manifest: Manifest, images: readonly Image[]): Manifest {
  const text = JSON.stringify(manifest, (key, value) => {
    const image = key === "image" ? images.find(({ name }) => name === value) : undefined;
    if (image === undefined) return value;
    const { newName = image.name, newTag, digest } = image;
    return newName + (digest === undefined ? `:${newTag}` : `@${digest}`);
  });
  return JSON.parse(text) as Manifest;
}
