// A command that is shown for typing goes to the same list as the one before it. (pure)
import { shellQuoted } from "../shell_quoted.ts";

/** @param list as it was given; undefined: the account's own, which needs no word */
export function configFlag(list: string | undefined): string {
  return list === undefined ? "" : ` --config ${shellQuoted(list)}`;
}
