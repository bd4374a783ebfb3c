// Ends PostgreSQL's servers and tools, and age, that are at work in one folder, and nothing else. A server that outlives
// its drill holds a port, memory and a folder's disk space until the machine is restarted.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Glob } from "bun";
import { waitUntil } from "../../wait_until.ts";
import { endProcess, type ListedProcess, listProcesses, workingDirectoryOf } from "../process_table.ts";
import { removeSharedMemory, type SharedMemory, sharedMemoryOf } from "./shared_memory.ts";

const PROGRAMS = "postgres|initdb|pg_dump|pg_dumpall|pg_restore|age";
// By its own name, a backend's title ("postgres: checkpointer"), or behind the program that switches the account first.
const OURS = new RegExp(`^(?:\\S*/)?(?:${PROGRAMS})(?=[:\\s]|$)`);
const SWITCHED = new RegExp(`^(?:\\S*/)?(?:setpriv|runuser|nice)\\s(?:.*[\\s/])?(?:${PROGRAMS})(?=\\s|$)`);

/** How long a server may take to end its sessions and give its memory back by itself. */
const POLITE_MS = 2_500;

interface EndPrograms {
  /** An absolute path without symlinks. */
  readonly folder: string;
  /** 10 s unless given. */
  readonly deadlineMs?: number;
}

/**
 * A server is told to stop at once (SIGQUIT), so that it takes its shared memory away; what is left then, a stopped
 * process too, and every other program gets SIGKILL.
 * @returns what was ended: `postgres (pid 12)`; empty when nobody was there
 * @throws OpsFailure naming what still runs at the deadline
 */
export async function endProgramsIn({ folder, deadlineMs = 10_000 }: EndPrograms): Promise<string[]> {
  const memory = memoryOfServersIn(folder);
  const known = new Map<number, ListedProcess>();
  const started = performance.now();
  await waitUntil({ forWhat: `the end of what runs in ${folder}`, deadlineMs, hint: `fuser -v ${folder}` }, () => {
    const left = programsIn(folder, known);
    const late = performance.now() - started > POLITE_MS;
    for (const each of left) end(each, late, known.has(each.pid));
    for (const each of left) known.set(each.pid, each);
    return left.length === 0 ? { found: true } : { seen: `${left.map(named).join(", ")} still runs` };
  });
  for (const each of memory) removeSharedMemory(each);
  return [...known.values()].filter((each) => !isSession(each)).map(named);
}

function end(each: ListedProcess, late: boolean, told: boolean): void {
  const isServer = basename(each.command.split(/\s/)[0] ?? "") === "postgres";
  if (late || !(isServer || isSession(each))) endProcess(each.pid);
  // Its sessions end with it. Once: a second SIGQUIT would find it in the middle of ending.
  else if (isServer && !told) for (const signal of ["SIGQUIT", "SIGCONT"] as const) endProcess(each.pid, signal);
}

/** Those that name the folder or work in it, with the sessions of the servers among them. */
function programsIn(folder: string, known: ReadonlyMap<number, ListedProcess>): ListedProcess[] {
  const all = listProcesses().filter(({ command }) => OURS.test(command) || SWITCHED.test(command));
  const here = all.filter((each) => names(each.command, folder) || worksIn(each.pid, folder));
  const servers = new Set([...here.map(({ pid }) => pid), ...known.keys()]);
  // By descent too: another account's working folder is closed even to root in a container without CAP_SYS_PTRACE.
  return all.filter((each) => here.includes(each) || (isSession(each) && servers.has(each.parent)) || isKnown(each));

  // A session whose server is gone has another parent; what follows the first words of its title changes.
  function isKnown(each: ListedProcess): boolean {
    const before = known.get(each.pid)?.command;
    return isSession(each) && before !== undefined && firstWords(before) === firstWords(each.command);
  }
}

function firstWords(command: string): string {
  return command.split(" ").slice(0, 3).join(" ");
}

function names(command: string, folder: string): boolean {
  return command.split(/[\s='"]+/).some((word) => isBelow(word.replace(/^-\w(?=\/)/, ""), folder));
}

function worksIn(pid: number, folder: string): boolean {
  return isBelow(workingDirectoryOf(pid) ?? "", folder);
}

function isBelow(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder}/`);
}

/** A server's process for one client or one duty has a title instead of a command line. */
function isSession({ command }: ListedProcess): boolean {
  return /^postgres:/.test(command);
}

function named({ pid, command }: ListedProcess): string {
  const program = new RegExp(`(?:^|[\\s/])(${PROGRAMS})(?=[:\\s]|$)`).exec(command)?.[1];
  return `${program} (pid ${pid})`;
}

/** Of every server that ever ran in the folder and did not take its pid file away; made by startDisposable(). */
function memoryOfServersIn(folder: string): SharedMemory[] {
  const files = ["data/postmaster.pid", "*/data/postmaster.pid"].flatMap((pattern) => {
    try {
      return [...new Glob(pattern).scanSync({ cwd: folder, absolute: true, dot: true })];
    } catch {
      return [];
    }
  });
  return files.map((file) => sharedMemoryOf(textOf(file))).filter((each) => each !== null);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
