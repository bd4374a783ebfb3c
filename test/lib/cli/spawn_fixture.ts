// Runs the fixture scripts as an operator would: a process, a pipe or a pseudo terminal, an exit code.
import { join } from "node:path";

/** Long enough for a busy machine; only a hang reaches it. */
export const WATCHDOG_MS = 20_000;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface SpawnOptions {
  readonly env?: Record<string, string>;
  /** Called with everything that stderr (or the terminal) has said so far. */
  readonly onText?: (text: string, child: Bun.Subprocess<"pipe", "pipe", "pipe">) => void;
}

export function fixturePath(name: string): string {
  return join(import.meta.dir, "fixtures", name);
}

export async function runFixture(name: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ran> {
  return ran(start([process.execPath, fixturePath(name), ...args], options), options, "stderr");
}

/** On a pseudo terminal of `columns`; what it shows is `out`. `shell` may redirect: "2>/dev/null". */
export async function runOnTerminal(
  name: string,
  args: readonly string[],
  columns: number,
  options: SpawnOptions & { readonly shell?: string } = {},
): Promise<Ran> {
  const command = [process.execPath, fixturePath(name), ...args].map((word) => `'${word}'`).join(" ");
  const line = `stty cols ${columns}; exec ${command} ${options.shell ?? ""}`;
  return ran(start(["script", "-qec", line, "/dev/null"], options), options, "stdout");
}

function start(argv: string[], { env }: SpawnOptions) {
  const plain = { PATH: process.env.PATH ?? "", TERM: "xterm-256color", SHELL: "/bin/sh" };
  return Bun.spawn(argv, { env: { ...plain, ...env }, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
}

async function ran(
  child: Bun.Subprocess<"pipe", "pipe", "pipe">,
  { onText }: SpawnOptions,
  watched: "stdout" | "stderr",
): Promise<Ran> {
  const watchdog = setTimeout(() => child.kill("SIGKILL"), WATCHDOG_MS);
  const read = async (which: "stdout" | "stderr") => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of child[which]) {
      text += decoder.decode(chunk, { stream: true });
      if (which === watched) onText?.(text, child);
    }
    return text;
  };
  const [out, err] = await Promise.all([read("stdout"), read("stderr")]);
  await child.exited;
  clearTimeout(watchdog);
  return { code: child.exitCode, out, err };
}

/** Calls `act` once, when `mark` has been said. */
export function once(mark: string, act: (child: Bun.Subprocess<"pipe", "pipe", "pipe">) => void) {
  let done = false;
  return (text: string, child: Bun.Subprocess<"pipe", "pipe", "pipe">) => {
    if (done || !text.includes(mark)) return;
    done = true;
    act(child);
  };
}
