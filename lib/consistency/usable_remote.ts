// What a caller may give as a remote: one of the three ways that git may take, and nothing secret in it. It is stored, and
// shown to everybody who asks.
import { describeFailure, usageFailure } from "../failure.ts";
import { remoteOf } from "../git/remote/remote.ts";
import { printableUrl } from "../secret.ts";

/** @throws OpsFailure (usage); nothing of the URL stands in it */
export function usableRemote(url: string): void {
  if (hasCredentials(url))
    throw usageFailure("Could not use the remote's URL", {
      observed: "it holds a user name, a password, a token or a fragment",
      expected: "a URL without credentials: a credential helper, or a key, gives them",
    });
  try {
    remoteOf(url);
  } catch (error) {
    const { observed, expected } = error as { observed?: string; expected?: string };
    throw usageFailure("Could not use the remote's URL", {
      observed: observed ?? describeFailure(error),
      ...(expected === undefined ? {} : { expected }),
      cause: error,
    });
  }
}

/** What stands after a `#` is no part of where a repository is: what else would it be for? */
function hasCredentials(url: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^#]*#/i.test(url)) return true;
  if (!URL.canParse(url)) return /\/\/[^@/]*:[^@/]*@/.test(url);
  return new URL(url).href !== printableUrl(url);
}
