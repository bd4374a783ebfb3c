// Which test file runs in which of the processes of `npm test`. Half of the time of all tests is waiting for timers,
// deadlines, lines and disks; in one process, one file after the other, the processors would stand idle meanwhile.
// A new file needs no line here. Give it one when it mostly waits: `npm test -- FILE` takes long, `top` shows nothing.
import { availableParallelism } from "node:os";

export interface Lane {
  readonly name: string;
  readonly files: readonly string[];
}

interface Waiting {
  readonly lane: "waiting" | "lines";
  /** A file, or a glob, from the root of the repository. */
  readonly files: string;
  /** What its tests wait for. */
  readonly why: string;
}

/**
 * The files of the lanes beside the one of the work: they wait more than others do.
 * The last lines of a run say how long each lane took; when they are far apart, move files here or take some away.
 * Tests that must not run beside each other (one address, one device, one measured time) belong into the same lane.
 */
export const WAITING: readonly Waiting[] = [
  {
    lane: "waiting",
    files: "test/scenarios/{fired_timers,two_schedules,schedule_move,schedule_move_killed,schedule_runbook}.test.ts",
    why: "timers of systemd and of a cluster that come due by the clock",
  },
  {
    lane: "waiting",
    files: "test/lib/cutover/schedule/steps/unit_steps.test.ts",
    why: "units that are started and come to their end",
  },
  {
    lane: "waiting",
    files: "test/support/kubernetes_controller.test.ts",
    why: "minutes and deadlines of a CronJob, shortened",
  },
  {
    lane: "waiting",
    files: "test/lib/hub/proxy/reachable.test.ts",
    why: "a hub that does not answer, until the deadline",
  },
  {
    lane: "waiting",
    files: "test/lib/process/run.test.ts",
    why: "programs that outlive their deadline and their grace",
  },
  {
    lane: "waiting",
    files: "test/lib/events/*.test.ts",
    why: "a broker that stalls, and the pause before the next attempt",
  },
  {
    lane: "waiting",
    files: "test/lib/postgres/{start_embedded,disposable/start_disposable}.test.ts",
    why: "servers that start and stop, mostly on the disk",
  },
  {
    lane: "waiting",
    files: "test/{backup_runbook,scenarios/backup_units,scenarios/sweep_budget}.test.ts",
    why: "units, keys and stores, and a time that has to be used up",
  },
  {
    lane: "waiting",
    files: "test/scenarios/{database_faults,served_database_faults,drained_service,service_runbooks}.test.ts",
    why: "databases that go away, services that drain, until the deadline",
  },
  {
    lane: "waiting",
    files: "test/scenarios/{killed_sweeps,sweep_locks,swept_over_http}.test.ts",
    why: "leases of killed runs that have to run out",
  },
  {
    lane: "waiting",
    files: "test/scenarios/{drill_faults,drill_interrupted,stopped_while_waiting}.test.ts",
    why: "programs and servers that are frozen in the middle of their work, stores that stall",
  },
  {
    lane: "waiting",
    files: "test/scenarios/hostile_*.test.ts",
    why: "peers that hold a connection or an answer",
  },
  {
    lane: "lines",
    files: "test/lib/git/{remote/ask_remote,remote/push,mirror/mirror_over_network}.test.ts",
    why: "remotes that hang or trickle, until the deadline",
  },
  {
    lane: "lines",
    files: "test/support/{https_remote,other_host,sshd}.test.ts",
    why: "slow and dead lines; they use fixed loopback addresses and measure round trips",
  },
  {
    lane: "lines",
    files: "test/scenarios/{scripts_over_ssh,operate_over_ssh,on_host,on_host_faults}.test.ts",
    why: "lines that drop or fall silent under a script, until it is ended",
  },
  {
    lane: "lines",
    files: "test/scenarios/tunnel_*.test.ts",
    why: "lines that die and come back, units and timers that try again",
  },
];

const MOST = 1 + new Set(WAITING.map(({ lane }) => lane)).size;
const globs = WAITING.map(({ lane, files }) => ({ lane, glob: new Bun.Glob(files) }));

/** One lane where there is one processor, or when TEST_LANES=1 asks for it: then all output comes as it is made. */
export function lanesWanted(env: Readonly<Record<string, string | undefined>>): number {
  const wanted = env.TEST_LANES ?? availableParallelism();
  return Number(wanted) < 2 ? 1 : MOST;
}

/** The lanes that have a file, the one of the work first. */
export function lanesOf(files: readonly string[], wanted: number): Lane[] {
  if (wanted < 2) return [{ name: "only", files }];
  const laneOf = (file: string) => globs.find(({ glob }) => glob.match(file))?.lane ?? "working";
  const names = ["working", ...new Set(globs.map(({ lane }) => lane))];
  const lanes = names.map((name) => ({ name, files: files.filter((file) => laneOf(file) === name) }));
  return lanes.filter((lane) => lane.files.length > 0);
}
