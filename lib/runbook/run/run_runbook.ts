// The body of `runbook.ts run`: everything that can be refused is refused before the first block, all of it at once; then the
// blocks, the clean-up, the transcript and the hub's event.
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import type { Asker } from "../../cli/ask_on_terminal.ts";
import type { Io, Outcome } from "../../cli/define_script.ts";
import { versionOf } from "../../cli/help.ts";
import { usageFailure } from "../../failure.ts";
import type { Secret } from "../../secret.ts";
import { type Page, pagesNamed, toolkitPages } from "../toolkit_pages.ts";
import { confirmedBlocks, unconfirmed } from "./confirmations.ts";
import { missingValues, type PlannedBlock, planRun, type RunPlan, runCommand, type TypedRun } from "./plan_run.ts";
import { planOutcome } from "./plan_view.ts";
import { recordRun } from "./record_run.ts";
import { type BlockResult, runBlocks } from "./run_blocks.ts";
import { eventOf, nextAfter, type RunReport, verdictOf } from "./run_report.ts";
import { renderRun } from "./run_view.ts";
import { scrubbed, scrubberFor } from "./scrubber.ts";
import { openTranscript, type Transcript, type TranscriptHead } from "./transcript.ts";

export interface RunRequest extends TypedRun {
  /** The toolkit's folder. */
  readonly root: string;
  /** As it is typed. */
  readonly runbook: string;
  readonly confirm?: string | undefined;
  readonly dryRun: boolean;
}

/** What a run has from the machine that it runs on. */
export interface RunSurroundings {
  /** Of the blocks, whole. */
  readonly env: Readonly<Record<string, string>>;
  readonly stateHubHome: string;
  readonly host: string;
  /** The hub's database; null: none is named, or its server does not run. */
  readonly databaseUrl: () => Promise<Secret | null>;
  readonly asker: Asker;
}

type RunIo = Pick<Io, "signal" | "note" | "progress" | "quiet">;

/** Longer than any block takes that waits for no schedule. */
const BLOCK_TIMEOUT_S = 300;
/** Inside the ten seconds that an interrupted run has. */
const HURRIED_MS = 7_000;

/** @throws OpsFailure (usage) for what is missing or not confirmed; OpsFailure when no transcript can be kept */
export async function runRunbook(request: RunRequest, around: RunSurroundings, io: RunIo): Promise<Outcome> {
  const page = runbookNamed(request);
  const plan = planRun(page, request);
  const name = basename(page.file, ".md");
  const missing = missingValues(plan, around.env);
  const typed = runCommand(name, request);
  const confirmed = confirmedBlocks(typed, plan, request.confirm);
  if (request.dryRun) return planOutcome({ name, typed: request, plan, missing, confirmed });
  refuseMissing(typed, missing);
  const agreed = await agreedBefore(typed, plan, { confirmed, around, io });
  const scrub = scrubberFor(around.env);
  const head = await headOf(page, plan, around);
  const transcript = openTranscript(join(around.stateHubHome, "runbooks"), head, scrub);
  const { results, values } = await runBlocks(plan, {
    root: request.root,
    env: around.env,
    deadlineMs: (request.timeoutSeconds ?? BLOCK_TIMEOUT_S) * 1000,
    hurriedMs: HURRIED_MS,
    signal: io.signal,
    confirm: async (planned) => agreed.has(planned.block.name) || (await isTyped(planned, around.asker, io)),
    ...told(transcript, scrub, io),
  });
  const report = reportOf(results, { head, plan, scrub, transcript, interrupted: io.signal.aborted });
  transcript.end(report.verdict);
  const unrecorded = await recordRun(around.databaseUrl, eventOf(report));
  if (unrecorded !== null) io.note(`Not recorded in the State Hub: ${scrub(unrecorded)}`);
  return {
    exitCode: report.verdict === "passed" ? 0 : 1,
    document: { ...report, recorded: unrecorded === null },
    render: (view) => renderRun(report, view),
    next: scrub(nextAfter(report, { blocks: plan.blocks, values, typed: request })),
  };
}

/** What is said while it works, and kept of it. */
function told(transcript: Transcript, scrub: (text: string) => string, io: RunIo) {
  return {
    onStart: ({ block }: PlannedBlock) => io.note(`${block.name} (${block.kind}): ${scrub(block.text.trim())}`),
    onLine: (line: string) => io.note(`  ${scrub(line)}`),
    onEnd: (result: BlockResult) => {
      io.note(
        `${result.name}: ${result.outcome.replace("_", " ")}${result.why === null ? "" : `: ${scrub(result.why)}`}`,
      );
      // It throws on a full disk, and what came of the block is said all the same.
      transcript.block(result);
    },
  };
}

interface Ended {
  readonly head: TranscriptHead;
  readonly plan: RunPlan;
  readonly scrub: (text: string) => string;
  readonly transcript: Transcript;
  readonly interrupted: boolean;
}

function reportOf(ran: readonly BlockResult[], { head, plan, scrub, transcript, interrupted }: Ended): RunReport {
  const reached = new Set(ran.map(({ name }) => name));
  const { runbook, page_digest, host } = head;
  return {
    runbook,
    page_digest,
    host,
    verdict: verdictOf(ran, interrupted),
    blocks: ran.map((result) => scrubbed(result, scrub)),
    left: plan.blocks.map(({ block }) => block.name).filter((name) => !reached.has(name)),
    transcript: transcript.file,
  };
}

function runbookNamed({ root, runbook }: RunRequest): Page {
  const pages = toolkitPages(root).filter(({ kind }) => kind === "runbook");
  const commandFor = (name: string) => `scripts/runbook.ts run ${name} --dry-run`;
  const [page] = pagesNamed(pages, { root, names: [runbook], commandFor });
  if (page === undefined) throw usageFailure("Could not find the runbook", { hint: "scripts/runbook.ts list" });
  return page;
}

function refuseMissing(typed: string, missing: readonly { readonly name: string; readonly block: string }[]): void {
  if (missing.length === 0) return;
  throw usageFailure("Could not begin", {
    observed: `not set: ${missing.map(({ name, block }) => `${name} (for ${block})`).join(", ")}`,
    expected: "each of them exported; the page says what it is",
    hint: `${missing.map(({ name }) => `export ${name}=...`).join(" ")}; then ${typed}`,
  });
}

interface Asked {
  readonly confirmed: ReadonlySet<string>;
  readonly around: RunSurroundings;
  readonly io: RunIo;
}

/**
 * Clean-up cannot wait for an answer when its turn comes: it is confirmed before the first block.
 * @throws OpsFailure (usage) when nobody can be asked about a danger, or the wrong word is typed
 */
async function agreedBefore(typed: string, plan: RunPlan, { confirmed, around, io }: Asked) {
  const open = unconfirmed(plan, confirmed);
  if (open.length > 0 && !around.asker.canAsk) {
    throw usageFailure("Could not begin", {
      observed: `not confirmed, and no terminal to ask on: ${open.join(", ")}`,
      expected: `--confirm ${open.map((name) => `${name}=WORD`).join(",")}`,
      hint: `${typed} --dry-run`,
    });
  }
  const agreed = new Set(confirmed);
  for (const planned of plan.cleanups.filter(({ block }) => open.includes(block.name))) {
    if (!(await isTyped(planned, around.asker, io))) {
      throw usageFailure("Could not begin", { observed: `${planned.block.name} was not confirmed` });
    }
    agreed.add(planned.block.name);
  }
  return agreed;
}

async function isTyped({ block }: PlannedBlock, asker: Asker, io: RunIo): Promise<boolean> {
  io.note(`${block.name} (danger): ${block.text.trim()}`);
  return (await asker.ask(`Type ${block.confirm} to let it run:`, io.signal)) === block.confirm;
}

async function headOf(page: Page, { blocks, cleanups }: RunPlan, { host }: RunSurroundings): Promise<TranscriptHead> {
  const names = (planned: readonly PlannedBlock[]) => planned.map(({ block }) => block.name);
  return {
    runbook: basename(page.file, ".md"),
    page_digest: createHash("sha256").update(page.text).digest("hex"),
    host,
    version: await versionOf(),
    blocks: names(blocks),
    cleanups: names(cleanups),
  };
}
