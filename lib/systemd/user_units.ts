// The door to an account's own systemd: what a unit is to it, and what it is told to do. A file in the right folder proves
// nothing; whether a timer fires is the manager's word alone, and a manager that cannot be asked is no "not enabled".
import { OpsFailure } from "../failure.ts";
import { lastLine, type RunResult, run } from "../process/run.ts";
import { managerFailure } from "./manager_failure.ts";
import { shownProperties, showUnit, userSystemctl } from "./show_unit.ts";

export interface UnitState {
  readonly unit: string;
  /** LoadState: loaded, not-found, masked, bad-setting, error. */
  readonly load: string;
  /** ActiveState: active, inactive, failed, activating, deactivating. */
  readonly active: string;
  /** UnitFileState: enabled, disabled, linked, static, masked, or "" where there is no file. */
  readonly file: string;
  /** FragmentPath: where it is read from; for a linked unit the link. */
  readonly fragment: string | null;
  readonly dropIns: readonly string[];
  /** Its files are not what the manager has read. */
  readonly needsReload: boolean;
  /** When a timer fires next; null for one that does not, and for every other unit. */
  readonly nextElapse: Date | null;
}

export interface UserManagerDoor {
  /** The programs' whole environment: XDG_RUNTIME_DIR leads to the account's manager. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const LOOK_MS = 10_000;
// A unit that is stopped has its own TimeoutStopSec, by default 90 s.
const ACT_MS = 120_000;

const PROPERTIES =
  "Id,LoadState,ActiveState,UnitFileState,FragmentPath,DropInPaths,NeedDaemonReload,NextElapseUSecRealtime";

/** What systemctl is told, as argv: shown in plans, and then run as shown. */
export const systemctl = {
  show: (unit: string) => showUnit(unit, PROPERTIES),
  /** Of a linked unit it takes the link away too. */
  disableNow: (unit: string) => userSystemctl("disable", "--now", "--", unit),
  enableNow: (unit: string) => userSystemctl("enable", "--now", "--", unit),
  start: (unit: string) => userSystemctl("start", "--", unit),
  stop: (unit: string) => userSystemctl("stop", "--", unit),
  link: (path: string) => userSystemctl("link", "--", path),
  daemonReload: () => userSystemctl("daemon-reload"),
  /** The manager keeps a unit that failed for whoever wants to know why; this makes it forget. */
  resetFailed: (unit: string) => userSystemctl("reset-failed", "--", unit),
  /** Takes away the stamp of a timer's last run: without it one with Persistent=true begins with its next slot (systemd.timer(5)). */
  forgetLastRun: (timer: string) => userSystemctl("clean", "--what=state", "--", timer),
  showMemory: (timer: string) =>
    userSystemctl("show", "--property=LastTriggerUSec,InactiveExitTimestamp", "--value", "--", timer),
} as const;

/** @throws OpsFailure when the user manager cannot be asked; a unit that it does not know is no failure */
export async function unitState(door: UserManagerDoor, unit: string): Promise<UnitState> {
  // It prints moments in the zone and the language of whoever asks, whatever --timestamp= says.
  const env = { ...door.env, TZ: "UTC", LC_ALL: "C" };
  const said = shownProperties(unit, await ask({ ...door, env }, systemctl.show(unit), LOOK_MS));
  return {
    unit,
    load: said.LoadState,
    active: said.ActiveState ?? "",
    file: said.UnitFileState ?? "",
    fragment: said.FragmentPath ? said.FragmentPath : null,
    dropIns: pathsOf(said.DropInPaths ?? ""),
    needsReload: said.NeedDaemonReload === "yes",
    nextElapse: momentOf(said.NextElapseUSecRealtime ?? ""),
  };
}

/**
 * Whether the manager knows when a timer fired or was started last: the moments that it reckons from when it is started again
 * (timer_enter_waiting() in systemd's src/core/timer.c).
 * @throws OpsFailure when the user manager cannot be asked
 */
export async function isRemembered(door: UserManagerDoor, timer: string): Promise<boolean> {
  const env = { ...door.env, TZ: "UTC", LC_ALL: "C" };
  const { exitCode, stdout, stderr } = await ask({ ...door, env }, systemctl.showMemory(timer), LOOK_MS);
  if (exitCode !== 0) throw managerFailure(`Could not ask systemd about ${timer}`, stderr || stdout);
  return stdout.split("\n").some((said) => said !== "" && said !== "n/a");
}

/**
 * @param argv one of `systemctl`
 * @throws OpsFailure with what systemctl said
 */
export async function runSystemctl(door: UserManagerDoor, argv: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await ask(door, argv, ACT_MS);
  if (exitCode === 0 || (exitCode === NOT_LOADED && isNothingToStop(argv, stderr))) return;
  throw managerFailure(`Could not ${wordsOf(argv)} by systemctl`, stderr || stdout);
}

/** systemctl(1), EXIT STATUS. */
const NOT_LOADED = 5;

// A linked unit that does not run is forgotten with its link: then there is nothing left that could be stopped.
function isNothingToStop(argv: readonly string[], said: string): boolean {
  return (argv.includes("disable") || argv.includes("stop")) && /not loaded\.$/.test(said.trimEnd());
}

async function ask(door: UserManagerDoor, argv: readonly string[], deadlineMs: number): Promise<RunResult> {
  try {
    return await run(argv, { env: { ...door.env }, signal: door.signal, deadlineMs });
  } catch (cause) {
    if (!(cause instanceof OpsFailure) || door.signal.aborted) throw cause;
    throw new OpsFailure(cause.message, {
      observed: cause.observed ?? lastLine(String((cause.cause as Error | undefined)?.message ?? "")),
      expected: "the user's systemd to answer",
      hint: "systemctl --user is-system-running",
      cause: cause.cause,
    });
  }
}

/** "enable x.timer" */
function wordsOf(argv: readonly string[]): string {
  return argv.filter((word, at) => at > 0 && !word.startsWith("-")).join(" ");
}

/** Paths with a space in them stand in quotes, with what C escapes escaped. */
function pathsOf(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted?.replace(/\\(["\\])/g, "$1") ?? plain ?? "",
  );
}

/** "Sat 2026-11-21 11:45:00 UTC", or nothing, or "n/a". */
function momentOf(text: string): Date | null {
  const [, day, time] = /^\w+ (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC$/.exec(text) ?? [];
  return day === undefined ? null : new Date(`${day}T${time}Z`);
}
