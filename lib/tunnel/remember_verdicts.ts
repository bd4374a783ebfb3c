// What each tunnel's verdict was last, so that a change of it, and nothing else, becomes a progress event. Each is written down
// before the hub is told: a tunnel that is down is often the way to the hub, and a check may be killed while it tells.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { makePrivateFolder } from "../private_folder.ts";
import { writeWhole } from "../whole_file.ts";
import type { TunnelReport } from "./report.ts";

const VERDICT = z.enum(["healthy", "degraded", "down", "unknown"]);
const CHANGE = z.object({
  /** Under which the hub knows it when it is told a second time. */
  key: z.uuid(),
  tunnel: z.string(),
  /** null: the account's own. */
  list: z.string().nullable(),
  from: VERDICT.nullable(),
  to: VERDICT,
  broken: z.string().nullable(),
  cause: z.string().nullable(),
  seen_at: z.string(),
  host: z.string(),
});
const MEMORY = z.object({
  verdicts: z.record(z.string(), z.object({ verdict: VERDICT, since: z.string() })),
  untold: z.array(CHANGE),
});

export type VerdictChange = z.output<typeof CHANGE>;
type Memory = z.output<typeof MEMORY>;

export interface VerdictHome {
  /** STATE_HUB_HOME. */
  readonly home: string;
  /** Path of the list that the tunnels stand in; left out: the account's own. Another may have the same names. */
  readonly list?: string | undefined;
  /** This machine's name. */
  readonly host: string;
  /** @returns whether the hub has taken it within so many ms; never throws */
  readonly tell: (change: VerdictChange, withinMs: number) => Promise<boolean>;
  readonly note: (line: string) => void;
}

/** More than a hub that was away for a week has to be told. */
const UNTOLD_AT_MOST = 200;
/** In less no hub has answered yet. */
const LEAST_MS = 20;

type Seen = Pick<TunnelReport, "name" | "verdict" | "broken" | "cause">;

/**
 * Never fails: what cannot be kept is noted, and the check's own verdict stands. What cannot be kept is not told either, since
 * each check to come would tell it again.
 * @param withinMs for telling the hub; what is not told by then is told with the next check
 */
export async function rememberVerdicts(tunnels: readonly Seen[], memory: VerdictHome, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  const file = join(memory.home, "tunnels", "verdicts.json");
  try {
    const told = await tellAll(noted(file, tunnels, memory), memory, until);
    if (told.size > 0) forget(file, told);
  } catch (error) {
    memory.note(
      `Could not keep the tunnels' verdicts: ${error instanceof Error ? error.message : String(error)} (${file})`,
    );
  }
}

/** For a watch: a line is passed on the first time alone, however many rounds say it. */
export function eachOnce(note: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line)) return;
    said.add(line);
    note(line);
  };
}

/** @returns all that the hub has to be told, oldest first; it is on the disk then */
function noted(file: string, tunnels: readonly Seen[], memory: VerdictHome): readonly VerdictChange[] {
  const before = read(file);
  const changes = tunnels.flatMap((tunnel) => changeOf(tunnel, before, memory));
  const untold = [...before.untold, ...changes].slice(-UNTOLD_AT_MOST);
  const news = changes.map(
    ({ tunnel, to, seen_at }) => [keyOf(tunnel, memory), { verdict: to, since: seen_at }] as const,
  );
  // Also where nothing is new: on a disk that is full it could not be noted that the hub was told.
  if (untold.length > 0) write(file, { verdicts: { ...before.verdicts, ...Object.fromEntries(news) }, untold });
  return untold;
}

/** Telling takes seconds, and the timer's check and a watch keep their verdicts in one file: it is read anew. */
function forget(file: string, told: ReadonlySet<string>): void {
  const now = read(file);
  write(file, { ...now, untold: now.untold.filter(({ key }) => !told.has(key)) });
}

function changeOf({ name, verdict, broken, cause }: Seen, before: Memory, memory: VerdictHome): VerdictChange[] {
  const was = before.verdicts[keyOf(name, memory)]?.verdict ?? null;
  if (was === verdict) return [];
  const { host, list = null } = memory;
  const seen = { from: was, to: verdict, broken, cause, seen_at: new Date().toISOString() };
  return [{ key: crypto.randomUUID(), tunnel: name, list, ...seen, host }];
}

/** No name has a blank in it. */
function keyOf(name: string, { list }: VerdictHome): string {
  return list === undefined ? name : `${list} ${name}`;
}

/** In their order, up to the first that is not taken. @returns the keys of those that are */
async function tellAll(changes: readonly VerdictChange[], { tell }: VerdictHome, until: number): Promise<Set<string>> {
  const told = new Set<string>();
  for (const change of changes) {
    const left = until - performance.now();
    if (left < LEAST_MS || !(await tell(change, left))) break;
    told.add(change.key);
  }
  return told;
}

function write(file: string, memory: Memory): void {
  makePrivateFolder(dirname(file));
  writeWhole(file, `${JSON.stringify(memory, null, 2)}\n`);
}

/** A file that cannot be understood knows nothing. */
function read(file: string): Memory {
  try {
    return MEMORY.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return { verdicts: {}, untold: [] };
  }
}
