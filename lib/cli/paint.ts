// Colours by meaning. chalk is loaded only where there is colour, and told its level: on its own it looks at stdout for
// every stream and does not know NO_COLOR.
import type { Paint } from "./define_script.ts";

const same = (text: string) => text;

export const NO_PAINT: Paint = { error: same, warning: same, ok: same, dim: same, strong: same, command: same };

/** What it emits is listed in printable.ts too: a colour added here is escaped there until it is. */
export async function paintFor(colour: boolean): Promise<Paint> {
  if (!colour) return NO_PAINT;
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  return {
    error: (text) => chalk.red(text),
    warning: (text) => chalk.yellow(text),
    ok: (text) => chalk.green(text),
    dim: (text) => chalk.dim(text),
    strong: (text) => chalk.bold(text),
    command: (text) => chalk.cyan(text),
  };
}
