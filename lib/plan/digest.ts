// The digest of a document: of what it says, not of how its keys happen to be ordered. (pure)

/** SHA-256, in hex, over the value as JSON with sorted keys. */
export function digestOf(value: unknown): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(value, withSortedKeys)).digest("hex");
}

export function digestOfText(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

function withSortedKeys(_: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
