// The public half of a tunnel's key, which the far side lets in: a line made from a file that holds none would let nobody in.
import { readFileSync } from "node:fs";
import { usageFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { pinnedKey } from "../ssh/pinned_key.ts";

/**
 * @param file of the private half
 * @param name the tunnel's
 * @throws OpsFailure (usage) for a file that is not there, cannot be read, or holds no public key
 */
export function publicHalf(file: string, name: string): string {
  const path = `${file}.pub`;
  const refused = (said: string, hint: string) =>
    usageFailure("Could not render the tunnel", {
      observed: `tunnel ${name}: ${path} ${said}`,
      expected: "both halves of a key of its own",
      hint,
    });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw refused("is not there", `ssh-keygen -t ed25519 -N '' -f ${shellQuoted(file)}`);
    throw refused(`cannot be read (${code})`, `ls -ld ${shellQuoted(path)}`);
  }
  if (pinnedKey(text)?.key) return text;
  const again = `ssh-keygen -y -f ${shellQuoted(file)} > ${shellQuoted(path)}`;
  throw refused(text.trim() === "" ? "is empty" : "holds no public key", again);
}
