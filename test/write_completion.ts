// Writes scripts/completion.sh anew, after a script's commands or flags have changed. A test compares the two.
// Usage: scripts/bun test/write_completion.ts
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { completionText } from "../lib/cli/completion.ts";
import { allRunbooks, allScripts } from "./support/all_scripts.ts";

writeFileSync(join(import.meta.dir, "../scripts/completion.sh"), completionText(await allScripts(), allRunbooks()));
