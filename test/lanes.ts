// Which test file runs in which of the two processes of `npm test`. More than a third of the time of all tests is waiting
// for timers, deadlines and disks; in one process, one file after the other, the processors would stand idle meanwhile.
// A new file needs no line here. Give it one when it mostly waits: `npm test -- FILE` takes long, `top` shows nothing.
import { availableParallelism } from "node:os";

export interface Lane {
  readonly name: string;
  readonly files: readonly string[];
}

interface Waiting {
  /** A file, or a glob, from the root of the repository. */
  readonly files: string;
  /** What its tests wait for. */
  readonly why: string;
}

/**
 * The files of the second lane: they wait more than others do, and together they take about as long as all others.
 * The last lines of a run say how long each lane took; when they are far apart, move files here or take some away.
 * Tests that must not run beside each other (one address, one device, one measured time) belong into the same lane.
 */
export const WAITING: readonly Waiting[] = [
  {
    files: "test/scenarios/{fired_timers,two_schedules,schedule_move,schedule_move_killed,schedule_runbook}.test.ts",
    why: "timers of systemd and of a cluster that come due by the clock",
  },
  { files: "test/lib/cutover/schedule/steps/unit_steps.test.ts", why: "units that are started and come to their end" },
  { files: "test/support/kubernetes_controller.test.ts", why: "minutes and deadlines of a CronJob, shortened" },
  {
    files: "test/lib/git/{remote/ask_remote,remote/push,mirror/mirror_over_network}.test.ts",
    why: "remotes that hang or trickle, until the deadline",
  },
  {
    files: "test/support/{https_remote,other_host,sshd}.test.ts",
    why: "slow and dead lines; they use fixed loopback addresses and measure round trips",
  },
  { files: "test/lib/hub/proxy/reachable.test.ts", why: "a hub that does not answer, until the deadline" },
  { files: "test/lib/process/run.test.ts", why: "programs that outlive their deadline and their grace" },
  { files: "test/lib/events/*.test.ts", why: "a broker that stalls, and the pause before the next attempt" },
  { files: "test/lib/postgres/start_embedded.test.ts", why: "servers that start and stop, mostly on the disk" },
  {
    files: "test/scenarios/{database_faults,served_database_faults,drained_service,service_runbooks}.test.ts",
    why: "databases that go away, services that drain, until the deadline",
  },
  {
    files: "test/scenarios/{killed_sweeps,sweep_locks,swept_over_http}.test.ts",
    why: "leases of killed runs that have to run out",
  },
  {
    files: "test/scenarios/tunnel_runbooks.test.ts",
    why: "units, timers and tunnels that come up again",
  },
  {
    files: "test/scenarios/scripts_over_ssh.test.ts",
    why: "scripts that wait for a lock when their line drops, until they are ended",
  },
  {
    files: "test/scenarios/{drill_faults,drill_interrupted}.test.ts",
    why: "programs that are frozen in the middle of a drill, stores that stall",
  },
  { files: "test/scenarios/hostile_*.test.ts", why: "peers that hold a connection or an answer" },
];

const waiting = WAITING.map(({ files }) => new Bun.Glob(files));

/** One lane where there is one processor, or when TEST_LANES=1 asks for it: then all output comes as it is made. */
export function lanesWanted(env: Readonly<Record<string, string | undefined>>): number {
  return Math.min(2, Number(env.TEST_LANES ?? availableParallelism()));
}

/** The lanes that have a file, the one of the work first. */
export function lanesOf(files: readonly string[], wanted: number): Lane[] {
  if (wanted < 2) return [{ name: "only", files }];
  const waits = (file: string) => waiting.some((glob) => glob.match(file));
  const lanes = [
    { name: "working", files: files.filter((file) => !waits(file)) },
    { name: "waiting", files: files.filter(waits) },
  ];
  return lanes.filter((lane) => lane.files.length > 0);
}
