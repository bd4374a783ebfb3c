// The text that bash runs for a pipeline, as the pieces and words of a zx template: the pieces are ours and constant, each
// word from outside is quoted by zx. Kernel pipes and redirection: no byte of a dump passes through our memory.
import { resolve } from "node:path";

export interface PipelineScript {
  readonly pieces: TemplateStringsArray;
  readonly words: readonly (readonly string[] | string)[];
}

// Standard input is a pipe that the parent never writes to. When the parent is gone, kill -9 included, the watcher reads
// its end and ends the group; it lets a TERM pass, so that it can follow with a KILL. Unlike a death signal of the kernel
// this works on every system, and for the children of the programs too. Bash stays on a TERM to tell the exit codes.
const START = `umask 077; trap : TERM INT HUP; exec 4<&0 </dev/null
{ trap '' TERM INT HUP; read -r _ <&4; kill -TERM 0; sleep 1; kill -KILL 0; } >/dev/null 2>&1 3<&- &
exec 4<&-
{ `;

// Printed on the standard output that the programs do not have: one exit code a stage, 128 + N for signal N. Then the
// group ends: the watcher, bash, and whatever a program left behind.
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
const CODES = '; codes="${PIPESTATUS[*]}"; } ';
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
const END = '; echo "${codes:-1}"; kill -KILL 0';

export interface Ends {
  /** A file; nothing to read unless given. */
  readonly input?: string;
  /** A file, made or emptied, for its owner alone; what the last stage prints is dropped unless given. */
  readonly output?: string;
}

/** @param shared the input is open already, as descriptor 3 */
export function pipelineScript(stages: readonly (readonly string[])[], ends: Ends, shared: boolean): PipelineScript {
  const between = stages.slice(1).map(() => " | ");
  const input = shared ? [`${CODES}<&3 3<&- >`] : [`${CODES}<`, " >"];
  const pieces = [START, ...between, ...input, END];
  const words = [...stages, ...(shared ? [] : [fileOr(ends.input)]), fileOr(ends.output)];
  return { pieces: Object.assign(pieces, { raw: pieces }), words };
}

function fileOr(file: string | undefined): string {
  return file === undefined ? "/dev/null" : resolve(file);
}
