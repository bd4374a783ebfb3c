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

/** `postgres://user:secret@host/db?password=x` as `postgres://user@host/db`: what may be printed of a URL. */
export function printableUrl(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.password = "";
    for (const key of [...parsed.searchParams.keys()]) {
      if (/pass|secret|token|key/i.test(key)) parsed.searchParams.delete(key);
    }
    return parsed.toString();
  } catch {
    return url.replace(/\/\/[^@/]*@/, "//");
  }
}

/** Takes the passwords out of the URLs in free text, such as a driver's or git's own message. */
export function scrubText(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)([^\s/@:]*):[^\s@/]*@/gi, "$1$2@");
}
