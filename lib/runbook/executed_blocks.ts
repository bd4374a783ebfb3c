// Which blocks of a page a run has executed, as they stand there now: a digest of each, beside the pages. A block that was
// changed since is one that nobody has tried.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { OpsFailure } from "../failure.ts";
import type { Block, Runbook } from "./read_runbook.ts";

export interface Executed {
  /** Of the command, of what its page shows beneath it, and of what it should end with. */
  readonly digest: string;
  /** `plan`: what it needs is not there in a test; its plan, or its `--dry-run`, was executed in its place. */
  readonly as: "run" | "plan";
}

/** By the block's name. */
export type ExecutedBlocks = Readonly<Record<string, Executed>>;

/** @param page its file: "runbooks/state_hub.md" or "state_hub.md" */
export function executedFile(root: string, page: string): string {
  return join(root, "runbooks/executed", `${basename(page, ".md")}.json`);
}

/** @throws OpsFailure for a file that is no such record */
export function readExecuted(root: string, page: string): ExecutedBlocks {
  const file = executedFile(root, page);
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ExecutedBlocks;
  } catch (cause) {
    throw new OpsFailure("Could not read which blocks were executed", { where: file, cause });
  }
}

export function blockDigest({ blocks }: Pick<Runbook, "blocks">, block: Block): string {
  const shown = blocks.find(({ kind, name }) => kind === "output" && name === `${block.name}-output`);
  const all = JSON.stringify([block.text.trim(), shown?.text ?? null, block.exit]);
  return createHash("sha256").update(all).digest("hex").slice(0, 16);
}

/** Of the blocks that the page still has, in the order of their names: a change is one line of a diff. */
export function executedText({ blocks }: Pick<Runbook, "blocks">, executed: ExecutedBlocks): string {
  const names = Object.keys(executed).filter((name) => blocks.some((block) => block.name === name));
  const lines = names.sort().map((name) => `  ${JSON.stringify(name)}: ${oneLine(executed[name])}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

function oneLine(executed: Executed | undefined): string {
  const members = Object.entries(executed ?? {}).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  return `{ ${members.join(", ")} }`;
}
