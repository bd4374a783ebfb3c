// Real git repositories with workplans in them, made and changed by the git on this machine.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";

/** Path in the repository to its content; null removes the file. */
export type Files = Readonly<Record<string, string | Uint8Array | null>>;

export interface TestRepo {
  readonly path: string;
  /** Writes files into the work tree without committing. */
  edit(files: Files): void;
  /** Writes files, commits everything, and gives the commit's id. */
  commit(files?: Files): Promise<string>;
  git(...args: string[]): Promise<string>;
}

/** A folder that goes when `remove` is called. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "state-hub-files-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A new repository at `parent/name` on branch main with one commit of these files. */
export async function makeRepo(parent: string, name: string, files: Files = {}): Promise<TestRepo> {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  const repo = openRepo(path);
  await repo.git("init", "--quiet", "--initial-branch=main");
  await repo.commit(files);
  return repo;
}

/** A repository that is there already, a clone say. */
export function openRepo(path: string): TestRepo {
  const git = (...args: string[]) => runGit(path, args);
  const edit = (files: Files) => {
    for (const [name, content] of Object.entries(files)) {
      const file = join(path, name);
      if (content === null) rmSync(file, { recursive: true, force: true });
      else {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
    }
  };
  const commit = async (files: Files = {}) => {
    edit(files);
    await git("add", "--all");
    await git("commit", "--quiet", "--allow-empty", "--message", "A test's commit");
    return (await git("rev-parse", "HEAD")).trim();
  };
  return { path, edit, commit, git };
}

const IDENTITY = { name: "Test", email: "test@example.invalid" };

async function runGit(path: string, args: readonly string[]): Promise<string> {
  const env = {
    ...environmentForPrograms(),
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: IDENTITY.name,
    GIT_AUTHOR_EMAIL: IDENTITY.email,
    GIT_COMMITTER_NAME: IDENTITY.name,
    GIT_COMMITTER_EMAIL: IDENTITY.email,
  };
  const { exitCode, stdout, stderr } = await run(["git", "-C", path, ...args], { env, deadlineMs: 60_000 });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")} in ${path}: exit ${exitCode}: ${stderr}`);
  return stdout;
}

export interface WorkplanText {
  readonly id: string;
  readonly status?: string;
  readonly hubId?: string;
  /** Further lines of front matter. */
  readonly extra?: readonly string[];
  readonly tasks?: readonly TaskText[];
}

export interface TaskText {
  readonly id: string;
  readonly status?: string;
  readonly hubId?: string;
  readonly completed?: string;
  readonly extra?: readonly string[];
}

/** The text of a sound workplan; what a test does not care about has a default. */
export function workplanText({ id, status = "active", hubId, extra = [], tasks = [] }: WorkplanText): string {
  const today = new Date().toISOString().slice(0, 10);
  const front = [
    `id: ${id}`,
    "type: workplan",
    `title: "Plan ${id}"`,
    "domain: testing",
    "repo: a-repo",
    `status: ${status}`,
    "owner: somebody",
    "topic_slug: tests",
    'created: "2026-01-02"',
    `updated: "${today}"`,
    ...extra,
    ...(hubId === undefined ? [] : [`state_hub_workstream_id: "${hubId}"`]),
  ];
  return `---\n${front.join("\n")}\n---\n\n# Plan ${id}\n${tasks.map(taskText).join("")}`;
}

function taskText({ id, status = "todo", hubId, completed, extra = [] }: TaskText): string {
  const lines = [
    `id: ${id}`,
    `status: ${status}`,
    "priority: medium",
    ...(completed === undefined ? [] : [`completed: "${completed}"`]),
    ...extra,
    ...(hubId === undefined ? [] : [`state_hub_task_id: "${hubId}"`]),
  ];
  return `\n## ${id.split("-").at(-1)} — Do ${id}\n\n\`\`\`task\n${lines.join("\n")}\n\`\`\`\n\nHow it is done.\n`;
}
