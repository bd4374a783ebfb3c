// Commits that no editor makes: names with newlines, ESC or bytes that are no text, symlinks, submodules, trees that say
// the same name twice. Built from git's plumbing, so that neither a shell nor a file system has to agree.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../lib/process/run.ts";
import type { TestRepo } from "./git_repo.ts";

export interface HostileEntry {
  /** From the top of the repository, with `/`; bytes where the name is no text. */
  readonly path: string | Uint8Array;
  readonly content: string | Uint8Array;
  /** 100644 unless given; 120000 takes the content as the link's target, 160000 as the id of a commit. */
  readonly mode?: "120000" | "160000";
}

/** One commit on top of HEAD that has these entries beside what HEAD has; the work tree follows when `checkOut`. */
export async function commitEntries(
  repo: TestRepo,
  entries: readonly HostileEntry[],
  { checkOut }: { readonly checkOut: boolean },
): Promise<string> {
  const lines: Buffer[] = [];
  for (const { path, content, mode = "100644" } of entries) {
    const id = mode === "160000" ? String(content) : await writeObject(repo, "blob", content);
    lines.push(Buffer.concat([Buffer.from(`${mode} ${id}\t`), Buffer.from(path as string), Buffer.from([0])]));
  }
  await pipe(repo, ["update-index", "-z", "--index-info"], Buffer.concat(lines));
  const commit = await commitOf(repo, (await repo.git("write-tree")).trim());
  await repo.git(...(checkOut ? ["reset", "--quiet", "--hard", commit] : ["update-ref", "HEAD", commit]));
  return commit;
}

/** One commit whose `workplans` is this raw tree object, whatever it holds. */
export async function commitRawTree(repo: TestRepo, tree: Uint8Array): Promise<string> {
  const folder = await writeObject(repo, "tree", tree);
  const top = await pipe(repo, ["mktree", "--missing"], `040000 tree ${folder}\tworkplans\n`);
  const commit = await commitOf(repo, top);
  await repo.git("update-ref", "HEAD", commit);
  return commit;
}

/** An entry of a raw tree object (gitformat: `<mode> <name>\0<binary id>`). */
export function treeEntry(mode: string, name: string, id: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]);
}

/** @returns the object's id; its form is not checked */
export function writeObject(repo: TestRepo, type: "blob" | "tree", content: string | Uint8Array): Promise<string> {
  return pipe(repo, ["hash-object", "-t", type, "-w", "--stdin", "--literally"], content);
}

async function commitOf(repo: TestRepo, tree: string): Promise<string> {
  const parent = (await repo.git("rev-parse", "HEAD")).trim();
  return (await repo.git("commit-tree", tree, "-p", parent, "-m", "A test's commit")).trim();
}

async function pipe(repo: TestRepo, args: readonly string[], stdin: string | Uint8Array): Promise<string> {
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const { exitCode, stdout, stderr } = await run(["git", "-C", repo.path, ...args], { env, stdin, deadlineMs: 60_000 });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: exit ${exitCode}: ${stderr}`);
  return stdout.trim();
}

/**
 * consistency_check.ts in a process and an environment of its own.
 * @param env added to it, GIT_* and all
 * @returns `maxRss` in bytes; on Linux never less than this process had when it started the other
 */
export async function runScript(hubUrl: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../../scripts/consistency_check.ts"), ...args], {
    env: { PATH: process.env.PATH ?? "", DATABASE_URL: hubUrl, HOME: tmpdir(), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 50_000,
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code, maxRss: child.resourceUsage()?.maxRSS ?? Number.NaN };
}
