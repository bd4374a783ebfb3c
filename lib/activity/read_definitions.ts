// Reads every definition of a folder. A file that can't be used is told of, with its line, and the others go on: one typing
// error must not stop the schedules that it has nothing to do with.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../canonical.ts";
import { describeFailure, OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { decodeFile } from "../workplan/decode_file.ts";
import type { ActivityDefinition } from "./definition.ts";
import { type Place, type Problem, problemAt, TOP } from "./definition_problem.ts";
import { doubledDefinitions, type GoodReading } from "./doubled_definitions.ts";
import type { ParseInstruction } from "./parse/meaning_problems.ts";
import { parseDefinition } from "./parse/parse_definition.ts";

export interface FiledDefinition extends ActivityDefinition {
  /** The file's name inside its folder. */
  readonly file: string;
  /** Of the definition itself, without `file`: what the hub's table has beside it. */
  readonly digest: string;
}

export interface Definitions {
  readonly folder: string;
  /** Those that can be used, in the order of their files. */
  readonly definitions: readonly FiledDefinition[];
  readonly problems: readonly Problem[];
}

const MAX_FILE_BYTES = 64 * 1024;
const MAX_FILES = 200;

/**
 * @param parse whether its script accepts an instruction; without it only its form is looked at
 * @throws OpsFailure when the folder can't be read
 */
export function readDefinitions(folder: string, parse: ParseInstruction = () => {}): Definitions {
  const readings = namesIn(folder).map((file) => readOne(folder, file, parse));
  const good = readings.flatMap((each) => ("definition" in each ? [each] : []));
  const doubled = doubledDefinitions(good);
  const bad = new Set(doubled.map(({ file }) => file));
  const used = good.filter(({ file }) => !bad.has(file));
  return {
    folder,
    definitions: used.map(({ file, definition }) => ({ ...definition, file, digest: digestOf(definition) })),
    problems: [...readings.flatMap((each) => ("problems" in each ? each.problems : [])), ...doubled],
  };
}

/** @throws OpsFailure for a folder without any: a wrong one would call every rendered file and every row left over */
export function requireDefinitions({ folder, definitions, problems }: Definitions): void {
  if (definitions.length > 0 || problems.length > 0) return;
  throw new OpsFailure("Could not find any activity definition", {
    observed: "no file with a name like NAME.md",
    where: folder,
    hint: `ls -l ${shellQuoted(folder)}`,
  });
}

function namesIn(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md" && !name.startsWith("."));
  } catch (cause) {
    throw new OpsFailure("Could not read the folder of activity definitions", {
      where: folder,
      hint: `ls -ld ${shellQuoted(folder)}`,
      cause,
    });
  }
  if (names.length > MAX_FILES) {
    throw new OpsFailure("Could not read the folder of activity definitions", {
      observed: `${names.length} files`,
      expected: `at most ${MAX_FILES}`,
      where: folder,
      hint: `ls -l ${shellQuoted(folder)}`,
    });
  }
  return names.sort();
}

type Reading = GoodReading | { readonly problems: readonly Problem[] };

function readOne(folder: string, file: string, parse: ParseInstruction): Reading {
  const unread = (message: string, observed: string, hint: string, place: Place = TOP): Reading => ({
    problems: [problemAt(file, place, { message, observed, hint })],
  });
  try {
    const about = statSync(join(folder, file));
    // A pipe of that name would keep its reader waiting.
    if (!about.isFile()) return unread("The file can't be read", "it is no plain file", `ls -l ${shellQuoted(folder)}`);
    if (about.size > MAX_FILE_BYTES) {
      return unread(
        "The file is too large",
        `${about.size} bytes, and ${MAX_FILE_BYTES} are allowed`,
        "Shorten its text",
      );
    }
    const decoded = decodeFile(readFileSync(join(folder, file)));
    if (decoded.ok) return { file, ...parseDefinition(file, decoded, parse) };
    const line = decoded.lossyText.slice(0, decoded.offset).split("\n").length;
    return unread("The file is no UTF-8 text", decoded.fault, "Save it as UTF-8", { line, column: 1 });
  } catch (error) {
    return unread("The file can't be read", describeFailure(error), `ls -l ${shellQuoted(folder)}`);
  }
}
