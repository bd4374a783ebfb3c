// Keeps the exact version beside the data, so that the next run can say it without starting a program.
import { chownSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homeFailure } from "./home.ts";
import type { Layout } from "./layout.ts";
import type { ServerUser } from "./server_user.ts";

/**
 * Atomic; does nothing when it stands there already. The folder belongs to the server's account and we may be root:
 * a new file under O_EXCL and a rename follow no link that was put there.
 */
export function recordVersion(layout: Pick<Layout, "versionFile">, version: string, user: ServerUser): void {
  const temporary = `${layout.versionFile}.tmp`;
  try {
    if (current(layout) === version) return;
    rmSync(temporary, { force: true });
    writeFileSync(temporary, `${version}\n`, { mode: 0o600, flag: "wx" });
    if (user.switched) chownSync(temporary, user.uid, user.gid);
    renameSync(temporary, layout.versionFile);
  } catch (cause) {
    throw homeFailure(layout.versionFile, cause);
  }
}

function current(layout: Pick<Layout, "versionFile">): string | null {
  try {
    return readFileSync(layout.versionFile, "utf8").trim();
  } catch {
    return null;
  }
}
