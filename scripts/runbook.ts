#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Looks after the runbooks: which there are, and whether what they say can still be typed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { command, defineScript, type Script } from "../lib/cli/define_script.ts";
import { main } from "../lib/cli/main.ts";
import { environmentForPrograms } from "../lib/config.ts";

const ROOT = join(import.meta.dir, "..");

/** By its file's name; null for what is none of the scripts. It only defines itself: nothing is run. */
async function scriptNamed(name: string): Promise<Script | null> {
  // This one is not loaded a second time: it would wait for its own end.
  if (name === script.name) return script;
  if (!/^[a-z_]+\.ts$/.test(name) || !existsSync(join(import.meta.dir, name))) return null;
  return ((await import(`./${name}`)) as { script: Script }).script;
}

export const script: Script = defineScript({
  name: "runbook.ts",
  promise: "Looks after the runbooks: lists them, and finds what in them can no longer be typed.",
  reads: ["the pages in runbooks/, and the README files beside them", "the flag table of each script that they name"],
  writes: ["nothing; no block is run"],
  examples: [
    { command: "scripts/runbook.ts list", says: "which runbooks there are, and when each was rehearsed" },
    { command: "scripts/runbook.ts lint", says: "every page, every command in it, every link" },
    { command: "scripts/runbook.ts lint state_hub", says: "one of them" },
  ],
  commands: [
    command({
      name: "list",
      promise: "Lists the runbooks: what for, how many blocks of each class, when last rehearsed.",
      run: async () => (await import("../lib/runbook/list_runbooks.ts")).listRunbooks(ROOT),
    }),
    command({
      name: "lint",
      promise: "Checks headings, blocks, commands and links; exit 1 for a problem.",
      positional: { name: "runbook", describe: "Its name or file (default: all pages)", many: true },
      run: async ({ runbook: names = [] }, { signal }) =>
        (await import("../lib/runbook/lint_runbooks.ts")).lintRunbooks({
          root: ROOT,
          names,
          scriptNamed,
          env: environmentForPrograms(),
          signal,
        }),
    }),
  ],
});

if (import.meta.main) await main(script);
