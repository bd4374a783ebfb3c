// The entry of every script: `if (import.meta.main) await main(script);`.
import type { Script } from "./define_script.ts";
import { runScript } from "./run_script.ts";

/**
 * Runs the script: parses, runs, prints, sets the exit code. Call it only behind `if (import.meta.main)`.
 * Returns when the result is written; the process ends when the loop is empty, so run() closes what it opened.
 */
export async function main(script: Script, argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  await runScript(script, argv);
}
