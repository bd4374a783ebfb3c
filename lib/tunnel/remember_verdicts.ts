// What each tunnel's verdict was last, so that a change of it, and nothing else, becomes a progress event. An event that could
// not be told is kept and told with the next check: a tunnel that is down is often the way to the hub.
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../whole_file.ts";
import type { TunnelReport } from "./report.ts";

const VERDICT = z.enum(["healthy", "degraded", "down", "unknown"]);
const CHANGE = z.object({
  tunnel: z.string(),
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
 * Never fails: what cannot be kept is noted, and the check's own verdict stands.
 * @param withinMs for telling the hub; what is not told by then is told with the next check
 */
export async function rememberVerdicts(tunnels: readonly Seen[], memory: VerdictHome, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  const file = join(memory.home, "tunnels", "verdicts.json");
  try {
    const before = read(file);
    const changes = tunnels.flatMap((tunnel) => changeOf(tunnel, before, memory.host));
    if (changes.length === 0 && before.untold.length === 0) return;
    const untold = await tellAll([...before.untold, ...changes], memory, until);
    const news = changes.map(({ tunnel, to, seen_at }) => [tunnel, { verdict: to, since: seen_at }] as const);
    if (changes.length === 0 && untold.length === before.untold.length) return;
    // Telling takes seconds, and the timer's check and a watch keep their verdicts in one file.
    const now = read(file);
    const meanwhile = now.untold.filter((each) => !before.untold.some((known) => isSame(each, known)));
    const after: Memory = {
      verdicts: { ...now.verdicts, ...Object.fromEntries(news) },
      untold: [...untold, ...meanwhile].slice(-UNTOLD_AT_MOST),
    };
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeWhole(file, `${JSON.stringify(after, null, 2)}\n`);
  } catch (error) {
    memory.note(
      `Could not keep the tunnels' verdicts: ${error instanceof Error ? error.message : String(error)} (${file})`,
    );
  }
}

function changeOf({ name, verdict, broken, cause }: Seen, before: Memory, host: string): VerdictChange[] {
  const was = before.verdicts[name]?.verdict ?? null;
  if (was === verdict) return [];
  return [{ tunnel: name, from: was, to: verdict, broken, cause, seen_at: new Date().toISOString(), host }];
}

function isSame(left: VerdictChange, right: VerdictChange): boolean {
  return left.tunnel === right.tunnel && left.seen_at === right.seen_at;
}

/** In their order, up to the first that is not taken. */
async function tellAll(changes: readonly VerdictChange[], { tell }: VerdictHome, until: number) {
  for (const [told, change] of changes.entries()) {
    const left = until - performance.now();
    if (left < LEAST_MS || !(await tell(change, left))) return changes.slice(told).slice(-UNTOLD_AT_MOST);
  }
  return [];
}

/** A file that cannot be understood knows nothing. */
function read(file: string): Memory {
  try {
    return MEMORY.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return { verdicts: {}, untold: [] };
  }
}
