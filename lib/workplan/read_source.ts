// Reads one file whole: classification, front matter, task blocks, secrets. It keeps the text and the entries beside the
// reading, because the splicer needs the spans that the reading was made from.

import { type LineIndex, lineIndex } from "../front_matter/line_index.ts";
import type { Entry, Mapping } from "../front_matter/mapping.ts";
import { readMapping, recoverValue } from "../front_matter/read_mapping.ts";
import { splitFrontMatter } from "../front_matter/split_front_matter.ts";
import { decodeFile } from "./decode_file.ts";
import { type FileFault, fileFault } from "./faults.ts";
import { isHubId, isWorkplanId } from "./field_rules.ts";
import { MAX_DEPTH, MAX_FILE_BYTES, MAX_FRONT_MATTER_BYTES, MAX_KEYS, MAX_PROBLEMS, MAX_YAML_MARKS } from "./limits.ts";
import { problemAt } from "./problem.ts";
import { type BodyReading, readBody } from "./read_body.ts";
import { type FieldScope, identityIn, mappingProblem } from "./read_fields.ts";
import { readFrontMatter } from "./read_front_matter.ts";
import type { ReadBlock } from "./read_task.ts";
import { secretProblem } from "./secret_problem.ts";
import { ENOUGH_SECRETS, type FoundSecret, findSecrets } from "./secrets.ts";
import { conflictAt, loneReturnIn, secondFrontMatter } from "./text_faults.ts";
import type { FailedReading, Place, Problem, Workplan, WorkplanReading } from "./types.ts";

/** A reading, with the spans it came from where the front matter could be read. */
export interface Source {
  readonly reading: WorkplanReading;
  readonly sheet: Sheet | null;
}

export interface Sheet {
  readonly text: string;
  /** Offset of the line that closes the front matter. */
  readonly matterEnd: number;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly blocks: readonly ReadBlock[];
}

/** Reads the bytes of `path` (which is only carried along). Never throws. */
export function readSource(path: string, bytes: Uint8Array): Source {
  if (bytes.length > MAX_FILE_BYTES) {
    return failedWhole(path, "", "file_too_large", { line: 1, column: 1 }, `${bytes.length} bytes`);
  }
  const decoded = decodeFile(bytes);
  if (!decoded.ok) {
    const place = lineIndex(decoded.lossyText).place(decoded.offset);
    return failedWhole(path, decoded.lossyText, decoded.fault, place);
  }
  const { text, start } = decoded;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const conflict = buffer.includes(CONFLICT) ? conflictAt(text) : null;
  if (conflict !== null) return failedWhole(path, text, "conflict_markers", lineIndex(text, start).place(conflict));
  const split = splitFrontMatter(text, start, MAX_FRONT_MATTER_BYTES);
  if (split.kind === "none") return ignored(path);
  const index = lineIndex(text, start);
  if (split.kind === "broken") {
    // A lone carriage return is the likelier reason why no line end was found where one belongs.
    const lone = loneReturnIn(text, start, Math.max(split.matterEnd, start + 4));
    const [code, offset] = lone === null ? [split.code, split.offset] : (["lone_carriage_return", lone] as const);
    return failedWhole(path, text, code, index.place(offset), firstLineFrom(text, offset));
  }
  const lone = loneReturnIn(text, start, split.matterEnd);
  if (lone !== null) return failedWhole(path, text, "lone_carriage_return", index.place(lone));
  return readSplit(path, text, buffer, index, split);
}

const CONFLICT = Buffer.from("<<<<<<< ");

type Split = { readonly matterStart: number; readonly matterEnd: number; readonly bodyStart: number };

function readSplit(path: string, text: string, bytes: Buffer, index: LineIndex, split: Split): Source {
  const mapping = readMapping(text, split.matterStart, split.matterEnd, {
    maxBytes: MAX_FRONT_MATTER_BYTES,
    maxKeys: MAX_KEYS,
    maxDepth: MAX_DEPTH,
    maxMarks: MAX_YAML_MARKS,
  });
  const type = mapping.entries.get("type");
  if (mapping.problems.length === 0 && typeof type?.value === "string" && type.value !== "workplan")
    return ignored(path);
  const secrets = findSecrets(text, bytes);
  const problems: Problem[] = [];
  const workplan = readHead(text, index, split, mapping, secrets, problems);
  const identity = identityOf(text, split, mapping);
  const told = secrets.length < ENOUGH_SECRETS ? secrets : [];
  const body = readBody(text, split.bodyStart, index, told, MAX_YAML_MARKS - mapping.marks);
  problems.push(...body.fileProblems);
  const usable = workplan !== null && problems.length === 0;
  problems.push(...body.problems);
  const reading = usable ? parsed(path, workplan, body, problems) : failed(path, identity, body, problems);
  return { reading, sheet: { text, matterEnd: split.matterEnd, entries: mapping.entries, blocks: body.blocks } };
}

/** The workplan of the front matter; null, or problems pushed, when nothing of the file may be applied. */
function readHead(
  text: string,
  index: LineIndex,
  split: Split,
  mapping: Mapping,
  secrets: readonly FoundSecret[],
  problems: Problem[],
): Workplan | null {
  const subject = identityIn(mapping, "state_hub_workstream_id", isWorkplanId).id;
  for (const found of mapping.problems) {
    problems.push(mappingProblem(found, index.place(found.offset), "front_matter_unreadable", subject));
  }
  for (const secret of secrets) {
    const whole = secret.start < split.bodyStart || secrets.length >= ENOUGH_SECRETS;
    if (whole) problems.push(secretProblem(index.place(secret.start), secret, subject));
  }
  pushTextFaults(text, index, split, problems);
  if (mapping.problems.length > 0) return null;
  // A missing key is told at the opening line.
  const home = { line: 1, column: 1 };
  const typeProblem = typeFault(mapping, index, home, subject);
  if (typeProblem !== null) problems.push(typeProblem);
  const scope: FieldScope = {
    entries: mapping.entries,
    placeOf: index.place,
    home,
    missing: "front_matter_incomplete",
    invalid: "front_matter_invalid",
    subject,
    problems,
  };
  return readFrontMatter(scope, mapping);
}

function pushTextFaults(text: string, index: LineIndex, split: Split, problems: Problem[]): void {
  const lone = loneReturnIn(text, split.bodyStart, text.length);
  if (lone !== null) problems.push(problemAt(index.place(lone), fileFault("lone_carriage_return")));
  const second = secondFrontMatter(text, split.bodyStart);
  if (second !== null) problems.push(problemAt(index.place(second), fileFault("second_front_matter")));
}

function typeFault(mapping: Mapping, index: LineIndex, home: Place, subject: string | null): Problem | null {
  const type = mapping.entries.get("type");
  if (type === undefined || type.value === null || type.value === "") {
    return problemAt(home, { ...fileFault("missing_type"), subject: subject ?? "type" });
  }
  if (typeof type.value === "string") return null;
  return problemAt(index.place(type.valueStart), { ...fileFault("type_not_text"), subject: subject ?? "type" });
}

function ignored(path: string): Source {
  return { reading: { state: "ignored", path }, sheet: null };
}

type Identity = Pick<FailedReading, "id" | "hubId">;

function failedWhole(
  path: string,
  text: string,
  code: FileFault,
  place: Place,
  observed: string | null = null,
): Source {
  const identity = recoveredIdentity(text, 0, Math.min(text.length, MAX_FRONT_MATTER_BYTES));
  const problem = problemAt(place, { ...fileFault(code, observed), subject: identity.id });
  return { reading: failed(path, identity, NO_BODY, [problem]), sheet: null };
}

const NO_BODY: BodyReading = { tasks: [], failedBlocks: [], blocks: [], problems: [], fileProblems: [] };

function failed(path: string, identity: Identity, body: BodyReading, problems: readonly Problem[]): FailedReading {
  const { tasks, failedBlocks } = body;
  return { state: "failed", path, ...identity, tasks, failedBlocks, problems: problems.slice(0, MAX_PROBLEMS) };
}

function parsed(path: string, workplan: Workplan, body: BodyReading, problems: readonly Problem[]): WorkplanReading {
  const { tasks, failedBlocks } = body;
  return { state: "parsed", path, workplan, tasks, failedBlocks, problems: problems.slice(0, MAX_PROBLEMS) };
}

function identityOf(text: string, split: Split, mapping: Mapping): Identity {
  if (mapping.entries.size > 0) return identityIn(mapping, "state_hub_workstream_id", isWorkplanId);
  return recoveredIdentity(text, split.matterStart, split.matterEnd);
}

function recoveredIdentity(text: string, start: number, end: number): Identity {
  const id = recoverValue(text, start, end, "id");
  const hub = recoverValue(text, start, end, "state_hub_workstream_id");
  return {
    id: id !== null && isWorkplanId(id) ? id : null,
    hubId: hub !== null && isHubId(hub) ? hub.toLowerCase() : null,
  };
}

function firstLineFrom(text: string, offset: number): string {
  const end = text.indexOf("\n", offset);
  return text.slice(offset, end === -1 ? Math.min(text.length, offset + 2048) : Math.min(end, offset + 2048));
}
