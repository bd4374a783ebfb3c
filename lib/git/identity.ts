// What tells one repository from another wherever it is cloned: its remote's URL and its first commits.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OpsFailure } from "../failure.ts";
import { printableUrl } from "../secret.ts";
import type { Checkout } from "./checkout.ts";
import { askGit } from "./invocation.ts";

export interface RepoIdentity {
  /** `remote.origin.url` without what may be a secret; null when there is no remote. */
  readonly remoteUrl: string | null;
  /** Ids of the commits without parents, sorted, joined by spaces; null in a shallow clone, where they can't be known. */
  readonly rootCommits: string | null;
}

/** @throws OpsFailure when git cannot walk the history */
export async function readIdentity(checkout: Checkout, commit: string): Promise<RepoIdentity> {
  const config = join(checkout.commonDir, "config");
  const url = await askGit(checkout.gitDir, "config", "--file", config, "--no-includes", "--get", "remote.origin.url");
  const remoteUrl = url.exitCode === 0 ? printableUrl(url.stdout.trim()) : null;
  return { remoteUrl, rootCommits: await rootCommits(checkout, commit) };
}

/** Whether two URLs name one remote: `git@host:a/b.git` and `https://host/a/b/` do. Nothing is asked of the network. */
export function isSameRemote(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && remotePlace(one) === remotePlace(other);
}

// git-clone(1), "GIT URLS": a colon before the first slash makes it host and path over ssh, not a local path.
const SCP_FORM = /^(?:[^/:]*@)?([^/:]+):(?!\/\/)(.*)$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  "ssh:": "22",
  "git:": "9418",
  "http:": "80",
  "https:": "443",
};

/** Host and path: who logs in and by which protocol is no part of where a repository is. A local path stays as it is. */
function remotePlace(url: string): string {
  const scp = SCP_FORM.exec(url);
  if (scp) return placeOf(scp[1] ?? "", scp[2] ?? "");
  if (url.startsWith("file://")) return url.slice("file://".length);
  if (!URL.canParse(url)) return url;
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const host = port === "" || port === DEFAULT_PORTS[protocol] ? hostname : `${hostname}:${port}`;
  return placeOf(host, `${pathname}${search}`);
}

function placeOf(host: string, path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  return `${host.toLowerCase()}/${trimmed}`;
}

async function rootCommits(checkout: Checkout, commit: string): Promise<string | null> {
  if (existsSync(join(checkout.commonDir, "shallow"))) return null;
  const asked = await askGit(checkout.gitDir, "rev-list", "--max-parents=0", commit, "--");
  if (asked.exitCode !== 0) {
    throw new OpsFailure("Could not read the repository's history", {
      observed: asked.stderr.trim(),
      where: checkout.path,
    });
  }
  return asked.stdout.trim().split("\n").sort().join(" ");
}
