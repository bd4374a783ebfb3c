// Values that must not reach argv, logs, reports or commits. A Secret prints as its label wherever it is joined into a
// string or a JSON document; only `reveal()` gives the value, so that every use can be found by searching for it.

const REDACTED = "***";

export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return REDACTED;
  }
  toJSON(): string {
    return REDACTED;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}

// Over http a user name is as often a token by itself: https://ghp_...@github.com/owner/repo.git
const WEB = /^https?:$/;

/**
 * What may be printed of a URL: `postgres://user:secret@host/db?password=x` as `postgres://user@host/db`,
 * `https://token@host/path` as `https://host/path`.
 */
export function printableUrl(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.password = "";
    if (WEB.test(parsed.protocol)) parsed.username = "";
    for (const key of [...parsed.searchParams.keys()]) {
      if (/pass|secret|token|key/i.test(key)) parsed.searchParams.delete(key);
    }
    return parsed.toString();
  } catch {
    return url.replace(/\/\/[^@/]*@/, "//");
  }
}

/** Takes passwords, and over http user names, out of the URLs in free text, such as a driver's or git's own message. */
export function scrubText(text: string): string {
  return text
    .replace(/(https?:\/\/)[^\s/?#"'<>]*@/gi, "$1")
    .replace(/([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/@:"'<>]*):[^\s@/]*@/gi, "$1$2@");
}
