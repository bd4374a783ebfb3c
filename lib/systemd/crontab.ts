// The account's cron table, if it has one: a line in it fires as well as any timer, and no systemd knows of it.
import { OpsFailure } from "../failure.ts";
import { lastLine, run } from "../process/run.ts";
import type { UserManagerDoor } from "./user_units.ts";

const LOOK_MS = 10_000;

/** What crontab is asked. */
export const listCrontab: readonly string[] = ["crontab", "-l"];

/**
 * The lines as they stand, comments too. No crontab program, or no table: none.
 * @throws OpsFailure when there is a table that cannot be read
 */
export async function crontabLines(door: UserManagerDoor): Promise<string[]> {
  if (Bun.which("crontab", { PATH: door.env.PATH ?? "" }) === null) return [];
  const { exitCode, stdout, stderr } = await run(listCrontab, {
    env: { ...door.env, LC_ALL: "C" },
    signal: door.signal,
    deadlineMs: LOOK_MS,
  });
  if (exitCode === 0) return stdout.split("\n").filter((line) => line !== "");
  // crontab(1) of Debian, of cronie and of BusyBox: "no crontab for NAME", "can't open 'NAME': No such file or directory".
  if (/no crontab for|No such file or directory/.test(stderr)) return [];
  throw new OpsFailure("Could not read the account's cron table", {
    observed: lastLine(stderr) || `crontab ended with ${exitCode} and no word`,
    hint: "crontab -l",
  });
}
