// A checkout that is behind, the mirror that knows more, and a digest that tells whether anybody touched it.
import { expect } from "bun:test";
import { createHash } from "node:crypto";
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { type Advance, advanceCheckout } from "../../../../lib/git/advance/advance_checkout.ts";
import type { LeftCode } from "../../../../lib/git/advance/left_alone.ts";
import { type Checkout, checkoutAt } from "../../../../lib/git/checkout.ts";
import { run } from "../../../../lib/process/run.ts";
import { type Files, makeRepo, openRepo, type TestRepo } from "../../../support/git_repo.ts";

export interface Scene {
  readonly folder: string;
  /** Ahead of `checkout`, which is a clone of it. */
  readonly origin: TestRepo;
  readonly checkout: TestRepo;
  readonly mirror: Checkout;
  /** Where the checkout is, and where it should come to. */
  readonly base: string;
  readonly commit: string;
}

export const BEFORE: Files = {
  "a.txt": "first\n",
  "gone.txt": "to be removed\n",
  "keep/b.txt": "kept\n",
  ".gitignore": "*.ignored\nbuild/\n",
  // Drivers that nobody defines: with one in the configuration, they name programs for every file.
  ".gitattributes": "*.txt filter=evil diff=evil merge=evil\n",
};
export const AFTER: Files = { "a.txt": "second\n", "gone.txt": null, "plans/new.md": "new\n" };

export interface SceneOptions {
  readonly before?: Files;
  readonly after?: Files;
  /** Arguments of `git clone` for the checkout. */
  readonly clone?: readonly string[];
  /** `-c name=value` for that git alone. */
  readonly config?: readonly string[];
  readonly name?: string;
}

/** Everything below a folder of its own; nothing of the user's configuration is in it. */
export async function makeScene(parent: string, options: SceneOptions = {}): Promise<Scene> {
  const folder = join(parent, crypto.randomUUID());
  const origin = await makeRepo(folder, "origin", { ...BEFORE, ...options.before });
  return sceneAround(folder, origin, options);
}

/** The same around an origin that is there already. */
export async function sceneAround(folder: string, origin: TestRepo, options: SceneOptions = {}): Promise<Scene> {
  const path = join(folder, options.name ?? "checkout");
  const base = (await origin.git("rev-parse", "HEAD")).trim();
  const flags = options.clone ?? [];
  await origin.git(...(options.config ?? []), "clone", "--quiet", ...flags, origin.path, path);
  // Samples that nobody runs, copied with every copy.
  if (lstatSync(join(path, ".git")).isDirectory()) rmSync(join(path, ".git/hooks"), { recursive: true, force: true });
  const commit = await origin.commit(options.after ?? AFTER);
  return { folder, origin, checkout: openRepo(path), mirror: await mirrorOf(origin, folder), base, commit };
}

export async function mirrorOf(origin: TestRepo, folder: string, ...how: string[]): Promise<Checkout> {
  const path = join(folder, `mirror-${crypto.randomUUID()}.git`);
  await origin.git("clone", "--quiet", "--mirror", ...how, origin.path, path);
  return found(path);
}

export function found(path: string): Checkout {
  const checkout = checkoutAt(path);
  if (checkout === null) throw new Error(`no checkout at ${path}`);
  return checkout;
}

export function advance(scene: Scene, over: { path?: string; ownRemote?: boolean } = {}): Promise<Advance> {
  const { commit, mirror } = scene;
  const options = { branch: "main", commit, mirror, ownRemote: over.ownRemote ?? false };
  return advanceCheckout(over.path ?? scene.checkout.path, options);
}

/** A copy of the scene's checkout with the same times, so that a table of cases needs one clone. */
export function copyOf(scene: Scene): Scene {
  const path = join(scene.folder, `copy-${crypto.randomUUID()}`);
  cpSync(scene.checkout.path, path, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return { ...scene, checkout: openRepo(path) };
}

/** Every byte and every time below a folder, access times aside: git's own files are in it. */
export function digestOf(folder: string): Record<string, string> {
  const entries: Record<string, string> = {};
  const walk = (path: string) => {
    const stat = lstatSync(path, { bigint: true });
    const facts = [stat.mode, stat.uid, stat.gid, stat.nlink, stat.mtimeNs, stat.ctimeNs].join(" ");
    const content = stat.isFile() ? sha256(readFileSync(path)) : stat.isSymbolicLink() ? readlinkSync(path) : "";
    entries[path] = `${facts} ${content}`;
    if (stat.isDirectory()) for (const name of readdirSync(path)) walk(join(path, name));
  };
  walk(folder);
  return entries;
}

/** What stands in the work tree alone. */
export function filesOf(folder: string): string[] {
  return Object.entries(digestOf(folder)).flatMap(([path, facts]) =>
    path === folder || path.startsWith(join(folder, ".git")) ? [] : [`${path} ${facts}`],
  );
}

export async function headOf(repo: TestRepo, ref = "HEAD"): Promise<string> {
  return (await repo.git("rev-parse", ref)).trim();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Nothing below `scene.folder` changed, the mirror and git's own files included. */
export async function expectLeft(
  scene: Scene,
  code: LeftCode,
  observed: RegExp,
  over: Parameters<typeof advance>[1] = {},
) {
  const before = digestOf(scene.folder);
  const result = await advance(scene, over);
  expect(result).toEqual({
    state: "left",
    code,
    observed: expect.stringMatching(observed) as string,
    hint: expect.any(String) as string,
  });
  expect(digestOf(scene.folder)).toEqual(before);
}

/** The branch is where it should be, and git status has nothing to say. */
export async function expectAdvanced({ checkout, commit, base }: Scene, result: unknown) {
  expect(result).toEqual({ state: "advanced", from: base });
  expect(await headOf(checkout, "refs/heads/main")).toBe(commit);
  expect(await checkout.git("status", "--porcelain=v2", "--untracked-files=all")).toBe("");
}

/** git that is expected to stop: at a conflict, say. */
export async function stopped(repo: TestRepo, ...args: string[]): Promise<void> {
  expect(await repo.git(...args).catch(() => "stopped")).toBe("stopped");
}

/** With a ~/.gitconfig of this text instead of the user's. */
export async function withUserConfig<T>(home: string, text: string, body: () => Promise<T>): Promise<T> {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, ".gitconfig"), text);
  const { HOME, XDG_CONFIG_HOME } = process.env;
  process.env.HOME = home;
  delete process.env.XDG_CONFIG_HOME;
  try {
    return await body();
  } finally {
    if (HOME === undefined) delete process.env.HOME;
    else process.env.HOME = HOME;
    if (XDG_CONFIG_HOME !== undefined) process.env.XDG_CONFIG_HOME = XDG_CONFIG_HOME;
  }
}

/** A program that must succeed: mount, say. */
export async function must(...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await run(argv, { env: environmentForPrograms(), deadlineMs: 10_000 });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
}
