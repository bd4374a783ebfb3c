// Where a page names commands of the toolkit: in blocks, in what one should see, in tables and in running text.

import { type SimpleCommand, simpleCommands } from "./shell_words.ts";
import type { Page } from "./toolkit_pages.ts";

export interface ToolkitCommand {
  readonly line: number;
  /** The file below scripts/: "state_hub.ts". */
  readonly script: string;
  readonly argv: readonly string[];
  /** Running text that only names a script, or the first words of its commands: `scripts/state_hub.ts held ...`. */
  readonly isName: boolean;
}

// By itself, or by a path that leads to the toolkit's folder; a unit's line begins with its key.
const SCRIPT = /^(?:[A-Za-z]+=)?(?:[~.$%/]\S*\/)?scripts\/([\w.-]+)$/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;
/** What starts another program, and what stands before a command without being one. */
const BEFORE = new Set(
  "$ Next: docker env exec kubectl nice nohup podman runuser setsid sudo systemd-run time timeout".split(" "),
);

export function toolkitCommandsIn({ blocks, codes }: Pick<Page, "blocks" | "codes">): ToolkitCommand[] {
  const inBlocks = blocks.flatMap(({ text, line, kind }) =>
    linesOf(text)
      .filter((each) => kind !== "output" || each.text.startsWith("Next: "))
      .flatMap((each) => commandsOf(each.text, line + each.line)),
  );
  const inText = codes.flatMap(({ text, line }) => commandsOf(text, line).map((command) => named(command)));
  return [...inBlocks, ...inText].sort((a, b) => a.line - b.line);
}

function commandsOf(text: string, line: number): ToolkitCommand[] {
  return simpleCommands(text).flatMap((words) => {
    const at = words.findIndex((word) => SCRIPT.test(word));
    const script = SCRIPT.exec(words[at] ?? "")?.[1];
    if (script === undefined || !isStarted(words.slice(0, at))) return [];
    return [{ line, script, argv: words.slice(at + 1), isName: false }];
  });
}

/** Whether what stands before a word leaves it the command: `cat scripts/x.ts` is none. */
function isStarted(before: SimpleCommand): boolean {
  const program = before.find((word) => !ASSIGNMENT.test(word));
  return program === undefined || BEFORE.has(program);
}

function named(command: ToolkitCommand): ToolkitCommand {
  return { ...command, isName: command.argv.length === 0 || command.argv.at(-1) === "..." };
}

/** With those that go on in the next one joined, each under the number of its first, counted from 1. */
function linesOf(text: string): { text: string; line: number }[] {
  const joined: { text: string; line: number }[] = [];
  let open = "";
  for (const [index, each] of text.split("\n").entries()) {
    const last = joined.at(-1);
    if (open !== "" && last) last.text += ` ${each.replace(/\\$/, "")}`;
    else joined.push({ text: each.replace(/\\$/, ""), line: index + 1 });
    open = each.endsWith("\\") ? each : "";
  }
  return joined;
}
