// The JSON of a file that should be a plan, before anybody judges what it says.
import { readFileSync, statSync } from "node:fs";
import { OpsFailure } from "../failure.ts";

/**
 * @param refuse makes the failure for a file that is too large, cannot be read or is no JSON
 * @throws what `refuse` made
 */
export function readJson(
  file: string,
  maxBytes: number,
  refuse: (observed: string, cause?: unknown) => OpsFailure,
): unknown {
  try {
    if (statSync(file).size > maxBytes) throw refuse(`more than ${maxBytes} bytes`);
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    if (cause instanceof OpsFailure) throw cause;
    throw refuse(cause instanceof SyntaxError ? "it is no JSON" : "it cannot be read", cause);
  }
}

/** The first thing that is wrong with its shape, by where it stands; never a value. */
export function firstFault([first]: readonly {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}[]): string {
  const place = first?.path.map(String).join(".") ?? "";
  return `${place === "" ? "the document" : place}: ${first?.message ?? "it has another shape"}`;
}
