// Command lines against the scripts' own definitions: a flag that a script does not know fails each night, in a pod's log.
import { accessSync, constants, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "../../../lib/cli/define_script.ts";
import { parseArguments } from "../../../lib/cli/parse_arguments.ts";

const ROOT = join(import.meta.dir, "../../..");

/** @returns what is wrong with `scripts/NAME.ts --flag ...` in one line, or null */
export async function refusalOfCommands(): Promise<(argv: readonly string[]) => string | null> {
  const scripts = new Map<string, Script>();
  for (const name of readdirSync(join(ROOT, "scripts")).filter((each) => each.endsWith(".ts"))) {
    scripts.set(`scripts/${name}`, ((await import(join(ROOT, "scripts", name))) as { script: Script }).script);
  }
  return ([file = "", ...argv]) => {
    const script = scripts.get(file);
    if (script === undefined) return `${file} is no script of ours`;
    try {
      accessSync(join(ROOT, file), constants.X_OK);
      parseArguments(script, argv);
      return null;
    } catch (error) {
      return `${file} refuses it: ${String(error)}`;
    }
  };
}
