// Whether the rendered files on disk say what their definitions say. One that was edited by hand fires at another time, or
// kills a run that its definition would let finish, and nobody sees it in the definition.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { type Difference, firstDifference, RENDER } from "./difference.ts";
import type { Definitions } from "./read_definitions.ts";
import { RENDERED_FOLDERS, type RenderedFile, renderedFiles } from "./rendered_files.ts";
import { isRendered } from "./rendered_header.ts";

/**
 * @param root the toolkit's folder
 * @throws OpsFailure for a file that is there and can't be read
 */
export function compareFiles(root: string, definitions: Definitions): Difference[] {
  const wanted = definitions.definitions.flatMap(renderedFiles);
  return [...wanted.flatMap((file) => differenceOf(root, file) ?? []), ...leftOver(root, wanted, definitions)];
}

/** The text of a file; null when there is none. */
export function textOnDisk(root: string, path: string): string | null {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new OpsFailure("Could not read a rendered file", { where: join(root, path), cause });
  }
}

/** null when the file says what it should. */
export function differenceOf(root: string, { path, definition, text }: RenderedFile): Difference | null {
  const onDisk = textOnDisk(root, path);
  if (onDisk === null) {
    return { where: path, definition, kind: "missing", has: null, wants: "the rendered file", remedy: RENDER };
  }
  const first = firstDifference(onDisk, text);
  if (first === null) return null;
  const { line, has, wants } = first;
  return { where: `${path}:${line}`, definition, kind: "differs", has, wants, remedy: RENDER };
}

/** Rendered once, from a definition that is gone. As long as a file is broken, one of them may be its own. */
function leftOver(root: string, wanted: readonly RenderedFile[], { problems }: Definitions): Difference[] {
  if (problems.length > 0) return [];
  const paths = new Set(wanted.map(({ path }) => path));
  return RENDERED_FOLDERS.flatMap(({ folder, pattern }) =>
    namesIn(join(root, folder))
      .filter((name) => pattern.test(name) && !paths.has(`${folder}/${name}`))
      .filter((name) => isRendered(textOnDisk(root, `${folder}/${name}`) ?? ""))
      .map((name) => ({
        where: `${folder}/${name}`,
        definition: null,
        kind: "left_over" as const,
        has: "a rendered file",
        wants: null,
        remedy: `git rm ${shellQuoted(`${folder}/${name}`)}`,
      })),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new OpsFailure("Could not read a folder of rendered files", { where: folder, cause });
  }
}
