// Where a hub is, as a flag names it. What stands in a flag can be read by everybody on the machine, so that a URL with a
// password in it is refused, not used.
import { type OpsFailure, usageFailure } from "../../failure.ts";
import { printableUrl } from "../../secret.ts";

/** @returns the URL without its last slash @throws OpsFailure (usage) when it is no http URL, or has more than a place in it */
export function hubAddress(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw refused("it is no http URL", "http://HOST:PORT or https://HOST");
  if (parsed.username !== "" || parsed.password !== "")
    throw refused(
      `${printableUrl(url)} with a user or password in it`,
      "a URL without; the token comes from STATE_HUB_TOKEN",
    );
  if (parsed.search !== "" || parsed.hash !== "")
    throw refused("it has a query or a fragment", "http://HOST:PORT or https://HOST");
  return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, "");
}

function refused(observed: string, expected: string): OpsFailure {
  return usageFailure("Could not use --via", {
    observed,
    expected,
    hint: "export STATE_HUB_TOKEN_FILE=/path/to/token",
  });
}
