// What systemctl shows of a unit, asked for and read.
import type { RunResult } from "../process/run.ts";
import { managerFailure } from "./manager_failure.ts";

/** The account's own systemd, with nobody to page for or to ask. */
export function userSystemctl(...args: string[]): string[] {
  return ["systemctl", "--user", "--no-pager", "--no-ask-password", ...args];
}

/** @param properties with commas between them, LoadState among them */
export function showUnit(unit: string, properties: string): string[] {
  return userSystemctl("show", `--property=${properties}`, "--", unit);
}

interface Shown extends Readonly<Record<string, string | undefined>> {
  readonly LoadState: string;
}

/** @throws OpsFailure when the user manager cannot be asked; a unit that it does not know is no failure */
export function shownProperties(unit: string, { exitCode, stdout, stderr }: RunResult): Shown {
  const lines = stdout.split("\n").filter((line) => line.includes("="));
  const said: Readonly<Record<string, string | undefined>> = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const { LoadState } = said;
  if (exitCode !== 0 || LoadState === undefined)
    throw managerFailure(`Could not ask systemd about ${unit}`, stderr || stdout);
  return { ...said, LoadState };
}
