// Writes the README's tables of scripts anew, after a script's commands or flags have changed. A test compares the two.
// Usage: scripts/bun test/write_script_table.ts
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allScripts } from "./support/all_scripts.ts";
import { withScriptTables } from "./support/script_table.ts";

const README = join(import.meta.dir, "../README.md");

writeFileSync(README, withScriptTables(readFileSync(README, "utf8"), await allScripts()));
