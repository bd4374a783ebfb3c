// What a run did, kept block by block as it goes: a run that is cut off leaves what it had done, and where to go on. One file
// for programs (JSON lines) and one for people, both for the owner alone.

import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { makePrivateFolder } from "../../private_folder.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import type { BlockResult } from "./run_blocks.ts";
import { scrubbed } from "./scrubber.ts";

export interface TranscriptHead {
  /** As it is typed: "state_hub". */
  readonly runbook: string;
  /** SHA-256 of the page. */
  readonly page_digest: string;
  readonly host: string;
  readonly version: string;
  readonly blocks: readonly string[];
  readonly cleanups: readonly string[];
}

export interface Transcript {
  /** Of the JSON lines; the readable one stands beside it, `.txt`. */
  readonly file: string;
  block(result: BlockResult): void;
  end(verdict: string): void;
}

/** Of each output; a block that prints more is read where it printed. */
const KEPT_CHARACTERS = 256 * 1024;

/**
 * @param folder `$STATE_HUB_HOME/runbooks`, made when it is not there
 * @throws OpsFailure where it cannot be written
 */
export function openTranscript(folder: string, head: TranscriptHead, scrub: (text: string) => string): Transcript {
  const started = new Date().toISOString();
  const name = `${started.replace(/[-:]|\.\d+/g, "")}-${head.runbook.replace(/\W+/g, "-")}-${process.pid}`;
  const [file, readable] = [join(folder, `${name}.jsonl`), join(folder, `${name}.txt`)];
  const line = (record: object) => `${JSON.stringify(record)}\n`;
  inTranscript(file, () => {
    makePrivateFolder(folder);
    writeFileSync(file, line({ at: started, event: "run_started", ...head }), { mode: 0o600, flag: "wx" });
    writeFileSync(readable, headText(head, started), { mode: 0o600, flag: "wx" });
  });
  const add = (record: object, text: string) =>
    inTranscript(file, () => {
      appendFileSync(file, line(record), { flush: true });
      appendFileSync(readable, text, { flush: true });
    });
  return {
    file,
    block: (result) => {
      const told = scrubbed(result, scrub);
      const short = { ...told, stdout: shortened(told.stdout), stderr: shortened(told.stderr) };
      add({ at: new Date().toISOString(), event: "block_ended", ...short }, blockText(short));
    },
    end: (verdict) => {
      const at = new Date().toISOString();
      add({ at, event: "run_ended", verdict }, `${at} ${verdict}\n`);
    },
  };
}

function inTranscript(file: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const home = shellQuoted(join(file, "../.."));
    throw new OpsFailure("Could not keep the run's transcript", {
      where: file,
      cause,
      hint: `ls -ld ${home}; df -h ${home}; or another STATE_HUB_HOME`,
    });
  }
}

function headText({ runbook, host, version, blocks }: TranscriptHead, started: string): string {
  return `${started} ${runbook} on ${host}, toolkit ${version}: ${blocks.join(", ")}\n\n`;
}

function blockText(result: BlockResult): string {
  const { name, class: kind, started_at, command, ms, exit_code, outcome, why, stdout, stderr } = result;
  const ended = exit_code === null ? "" : `exit ${exit_code}, `;
  const said = [stdout, stderr].filter((text) => text !== "").map((text) => `${text.trimEnd()}\n`);
  return [
    `${started_at} ${name} (${kind})\n$ ${command}\n`,
    ...said,
    `-- ${ended}${ms} ms: ${outcome}${why === null ? "" : `: ${why}`}\n\n`,
  ].join("");
}

function shortened(text: string): string {
  if (text.length <= KEPT_CHARACTERS) return text;
  return `${text.slice(0, KEPT_CHARACTERS)}\n… ${text.length - KEPT_CHARACTERS} more characters`;
}
