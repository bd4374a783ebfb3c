// The body of a workplan: its task blocks in order, which of them failed, and the secrets in it.
import type { LineIndex } from "../front_matter/line_index.ts";
import { fileFault } from "./faults.ts";
import { MAX_BODY_WEIGHT, MAX_TASK_BLOCKS } from "./limits.ts";
import { bodyWeight, type Fence } from "./outline.ts";
import { problemAt } from "./problem.ts";
import { type ReadBlock, readTask } from "./read_task.ts";
import { scanOutline } from "./scan_outline.ts";
import { secretProblem } from "./secret_problem.ts";
import type { FoundSecret } from "./secrets.ts";
import type { FailedBlock, Problem, TaskBlock } from "./types.ts";

export interface BodyReading {
  readonly tasks: readonly TaskBlock[];
  readonly failedBlocks: readonly FailedBlock[];
  /** Every block found, in the order of the file. */
  readonly blocks: readonly ReadBlock[];
  /** Of single blocks and of the text between them. */
  readonly problems: readonly Problem[];
  /** Of the file as a whole: with one of these nothing in it may be applied. */
  readonly fileProblems: readonly Problem[];
}

/** Reads the body of `text`, from `start`. `maxMarks` is the file's remaining budget for the full YAML parser. */
export function readBody(
  text: string,
  start: number,
  index: LineIndex,
  secrets: readonly FoundSecret[],
  maxMarks: number,
): BodyReading {
  const outline = outlineOf(text, start, index);
  if ("refused" in outline) return { ...EMPTY, fileProblems: [outline.refused] };
  let marksLeft = maxMarks;
  let blocks: ReadBlock[] = [];
  for (const fence of outline.fences) {
    const block = readTask(text, fence, index.place, marksLeft);
    marksLeft -= block.marks;
    blocks.push(block);
  }
  blocks = failDuplicates(blocks, index);
  const prose: Problem[] = [];
  if (secrets.length > 0) blocks = failSecrets(blocks, secrets, start, index, prose);
  return sortBlocks(blocks, prose);
}

const EMPTY: BodyReading = { tasks: [], failedBlocks: [], blocks: [], problems: [], fileProblems: [] };

type Outline = { readonly fences: readonly Fence[] } | { readonly refused: Problem };

/** The fences, or the problem for which they were not looked for. */
function outlineOf(text: string, start: number, index: LineIndex): Outline {
  const scanned = scanOutline(text, start);
  if (scanned === null && bodyWeight(text, start, MAX_BODY_WEIGHT) > MAX_BODY_WEIGHT) {
    return { refused: problemAt(index.place(start), fileFault("body_too_complex")) };
  }
  const fences = scanned ?? fullMarkdown().markdownOutline(text, start, index);
  const oneTooMany = fences[MAX_TASK_BLOCKS];
  if (oneTooMany === undefined) return { fences };
  const fault = fileFault("too_many_blocks", `${fences.length} blocks`);
  return { refused: problemAt(index.place(oneTooMany.markStart), fault) };
}

function sortBlocks(blocks: readonly ReadBlock[], prose: readonly Problem[]): BodyReading {
  const tasks: TaskBlock[] = [];
  const failedBlocks: FailedBlock[] = [];
  const problems: Problem[] = [];
  for (const block of blocks) {
    if (block.task !== null) tasks.push(block.task);
    else failedBlocks.push(block.remains);
    problems.push(...block.problems);
  }
  problems.push(...prose);
  return { tasks, failedBlocks, blocks, problems, fileProblems: [] };
}

function fail(block: ReadBlock, problem: Problem): ReadBlock {
  return { ...block, task: null, problems: [...block.problems, problem] };
}

/** The same task id twice: which one is meant can't be told, so both fail, each pointing at the other. */
function failDuplicates(blocks: ReadBlock[], index: LineIndex): ReadBlock[] {
  const ids = blocks.flatMap(({ remains }) => remains.id ?? []);
  if (new Set(ids).size === ids.length) return blocks;
  const byId = Map.groupBy(blocks, ({ remains }) => remains.id ?? "");
  return blocks.map((block) => {
    const other = (block.remains.id === null ? undefined : byId.get(block.remains.id))?.find((one) => one !== block);
    const entry = block.entries.get("id");
    if (other === undefined || entry === undefined) return block;
    return fail(
      block,
      problemAt(index.place(entry.valueStart), {
        kind: "task_invalid",
        code: "duplicate_task_id",
        subject: block.remains.id,
        message: `The task id stands in another block too, at line ${other.remains.line}`,
        observed: block.remains.id,
        expected: "an id of its own for each task",
        hint: "Give one of the two the next free number, and delete its state_hub_task_id if it was copied along",
      }),
    );
  });
}

/** A secret in a block, or in the heading that is its title, fails the block; elsewhere in the body it is only told. */
function failSecrets(
  blocks: readonly ReadBlock[],
  secrets: readonly FoundSecret[],
  bodyStart: number,
  index: LineIndex,
  prose: Problem[],
): ReadBlock[] {
  const result = [...blocks];
  for (const secret of secrets) {
    if (secret.start < bodyStart) continue;
    const place = index.place(secret.start);
    let inBlock = false;
    for (const [position, block] of result.entries()) {
      if (!touches(block.fence, secret)) continue;
      inBlock = true;
      result[position] = fail(block, secretProblem(place, secret, block.remains.id));
    }
    if (!inBlock) prose.push(secretProblem(place, secret, null));
  }
  return result;
}

function touches(fence: Fence, { start, end }: FoundSecret): boolean {
  const inFence = fence.kind === "task" && start < fence.contentEnd && end > fence.lineStart;
  return inFence || (fence.heading !== null && start < fence.heading.end && end > fence.heading.start);
}

// Loaded when first needed, as most documents never are.
function fullMarkdown(): typeof import("./markdown_outline.ts") {
  return require("./markdown_outline.ts");
}
