// A repository's own configuration says where its remote is, and may name itself, or a folder that came along with it. To
// push there is to run its hooks, as our user: what no repository that somebody else can write to may get us to do.
import { sep } from "node:path";
import { canonicalPath, checkoutAt } from "../checkout.ts";
import type { Remote } from "./remote.ts";

/**
 * The checkout that a remote on this machine is, or lies within; null for any other remote.
 * @param checkouts paths of the repository's own checkouts here; a bare one is a remote like any other
 */
export function checkoutAround({ kind, url }: Remote, checkouts: readonly string[]): string | null {
  if (kind !== "file") return null;
  const place = `${canonicalPath(url.replace(/^file:\/\//, ""))}${sep}`;
  const around = checkouts.find((path) => {
    const checkout = checkoutAt(path);
    if (checkout === null || checkout.bare) return false;
    const folders = [path, checkout.gitDir, checkout.commonDir].map((folder) => `${canonicalPath(folder)}${sep}`);
    return folders.some((folder) => place.startsWith(folder));
  });
  return around ?? null;
}
