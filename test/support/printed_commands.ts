// Every command of ours that a hint or "Next:" in the sources names, with its placeholders filled in.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const ROOT = join(import.meta.dir, "../..");
const COMMAND = /scripts\/[a-z_]+\.ts(?: [^"`\n]*)?/g;

export const HUMAN_HINTS: readonly string[] = [
  ...new Set([...new Glob("{lib,scripts}/**/*.ts").scanSync(ROOT)].flatMap(commandsIn)),
].sort();

function commandsIn(file: string): string[] {
  const code = readFileSync(join(ROOT, file), "utf8").replace(/^\s*(\/\/|\/?\*).*$/gm, "");
  const strings = code.match(/"[^"\n]*"|`[^`]*`/g) ?? [];
  return strings
    .flatMap((text) => filledIn(text).match(COMMAND) ?? [])
    .map(withoutProse)
    .filter((command) => command.includes(" "));
}

/** `${...}` becomes a word. */
function filledIn(text: string): string {
  return text.replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, "X");
}

/** Words after a full stop, comma or bracket are prose. */
function withoutProse(command: string): string {
  return (command.split(/[,;)]|\. | ends it| says /)[0] ?? "").trim();
}
