// Installed units on their way out and back: their text and what they were (a file, a link to the toolkit's), with digests. Nothing
// is overwritten on either way: a unit that somebody wrote meanwhile is theirs.

import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { digestOfText } from "../../canonical.ts";
import { OpsFailure } from "../../failure.ts";
import { makePrivateFolder } from "../../private_folder.ts";
import { shellQuoted } from "../../shell_quoted.ts";
import { writeWhole } from "../../whole_file.ts";

const archivedFile = z.strictObject({
  /** "x.timer", or "x.timer.d/y.conf" of a drop-in. */
  name: z.string().regex(/^[\w@.:-]+(\/[\w@.:-]+)?$/),
  /** Of a link: where it led. null: it was a file. */
  target: z.string().nullable(),
  mode: z.int(),
  sha256: z.string(),
});
const archive = z.strictObject({
  schema_version: z.literal(1),
  made_at: z.iso.datetime(),
  /** Timers and services that were taken. */
  units: z.array(z.string()),
  /** Of these, the timers that were enabled. */
  enabled: z.array(z.string()),
  files: z.array(archivedFile),
});

export type ArchivedFile = z.infer<typeof archivedFile>;
export type UnitArchive = z.infer<typeof archive>;

const CONTENTS = "archive.json";

/** What stands in the account's folder of these units now, drop-ins too; by name. */
export function installedFiles(folder: string, units: readonly string[]): ArchivedFile[] {
  const names = units.flatMap((unit) => [unit, ...dropInsOf(folder, unit)]);
  return names.flatMap((name) => fileAt(folder, name) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** May be cut off and called again: what is there already is the same, and its table of contents comes last. */
export function copyToArchive(
  archiveFolder: string,
  installed: string,
  { units, enabled, made_at }: Pick<UnitArchive, "units" | "enabled" | "made_at">,
): UnitArchive {
  const files = installedFiles(installed, units);
  makePrivateFolder(archiveFolder);
  for (const { name } of files) {
    const path = join(archiveFolder, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    putNew(path, readFileSync(join(installed, name), "utf8"), 0o600);
  }
  const made: UnitArchive = { schema_version: 1, made_at, units: [...units], enabled: [...enabled], files };
  writeWhole(join(archiveFolder, CONTENTS), `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

/**
 * @returns null when there is none, or one whose copying was cut off
 * @throws OpsFailure (automation) when it is not as it was written
 */
export function readArchive(archiveFolder: string): UnitArchive | null {
  const path = join(archiveFolder, CONTENTS);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return null;
  try {
    const found = archive.parse(JSON.parse(readFileSync(path, "utf8")));
    for (const { name, sha256 } of found.files) {
      if (digestOfText(readFileSync(join(archiveFolder, name), "utf8")) !== sha256)
        throw new Error(`${name} was changed`);
    }
    return found;
  } catch (cause) {
    const hint = `ls -lR ${shellQuoted(archiveFolder)}`;
    throw new OpsFailure("Could not use the archived units", { where: archiveFolder, cause, hint });
  }
}

/** Takes away what is in the archive as it stands. @throws OpsFailure (automation) for a file that is another one now */
export function removeInstalled(installed: string, { files, units }: UnitArchive): void {
  for (const file of files) {
    const now = fileAt(installed, file.name);
    if (now === null) continue;
    if (!isSame(now, file)) throw changed(join(installed, file.name));
    unlinkSync(join(installed, file.name));
  }
  for (const unit of units) removeEmpty(join(installed, `${unit}.d`));
}

/** What would be in the way of bringing an archive back, in words; none when nothing is. */
export function inTheWay(installed: string, { files }: UnitArchive): string[] {
  return files.flatMap((file) => {
    const now = fileAt(installed, file.name);
    if (now !== null && !isSame(now, file)) return [`${join(installed, file.name)} is another file now`];
    if (now === null && file.target !== null && statSync(file.target, { throwIfNoEntry: false }) === undefined)
      return [`${file.target}, where ${file.name} led to, is not there`];
    return [];
  });
}

/** Those of an archive that do not stand in the folder. */
export function missingFiles(installed: string, { files }: UnitArchive): ArchivedFile[] {
  return files.filter(({ name }) => fileAt(installed, name) === null);
}

/** Writes an archived file back; a link is systemctl's to make. @throws the system's error when something stands there */
export function restoreFile(archiveFolder: string, installed: string, { name, mode }: ArchivedFile): void {
  const path = join(installed, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, readFileSync(join(archiveFolder, name), "utf8"), { mode, flag: "wx", flush: true });
}

function dropInsOf(folder: string, unit: string): string[] {
  try {
    return readdirSync(join(folder, `${unit}.d`)).map((name) => `${unit}.d/${name}`);
  } catch {
    return [];
  }
}

function fileAt(folder: string, name: string): ArchivedFile | null {
  const path = join(folder, name);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return null;
  const target = found.isSymbolicLink() ? readlinkSync(path) : null;
  const readable = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const sha256 = digestOfText(readable ? readFileSync(path, "utf8") : "");
  return { name, target, mode: found.mode & 0o777, sha256 };
}

/** A link to the toolkit's unit is the same link whatever an update made of the unit. */
function isSame(now: ArchivedFile, then: ArchivedFile): boolean {
  return now.target === then.target && (then.target !== null || now.sha256 === then.sha256);
}

function putNew(path: string, text: string, mode: number): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  // One that was cut off in the middle: no table of contents names it yet.
  if (there !== undefined && !text.startsWith(readFileSync(path, "utf8"))) throw changed(path);
  writeFileSync(path, text, { mode, flag: there === undefined ? "wx" : "w", flush: true });
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or not empty: then something in it is not ours.
  }
}

function changed(path: string): OpsFailure {
  return new OpsFailure("Could not move the unit", {
    observed: "another file stands there than the one that was looked at",
    expected: "nobody else to change units meanwhile",
    where: path,
    hint: `systemctl --user cat ${shellQuoted(path.slice(path.lastIndexOf("/") + 1))}`,
  });
}
