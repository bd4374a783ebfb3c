// Names and paths in a store. Those that come from it were written by whoever can write there: one with a slash in it, or an
// escape sequence, must become neither a path nor a line on somebody's terminal. (pure)
import { OpsFailure } from "../../failure.ts";

const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/;

/** Whether a name that the store gave leads nowhere else. */
export function isPlainName(name: string): boolean {
  return PLAIN.test(name);
}

interface StoredPath {
  readonly folder: string;
  /** null: the folder itself. */
  readonly name: string | null;
}

/** @throws OpsFailure for what is neither `FOLDER` nor `FOLDER/NAME` */
export function storedPath(path: string): StoredPath {
  const [folder = "", name, ...more] = path.split("/");
  if (more.length === 0 && isPlainName(folder) && (name === undefined || isPlainName(name)))
    return { folder, name: name ?? null };
  throw new OpsFailure("Could not use a name in the store", {
    observed: JSON.stringify(path),
    expected: "FOLDER/NAME of letters, digits, dots and dashes",
  });
}
