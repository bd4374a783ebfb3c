// One text and one digest of a value, whatever the order in which its keys were written or jsonb gives them back. (pure)

/** JSON with sorted keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}

/** SHA-256 of that text, in hex. */
export function digestOf(value: unknown): string {
  return digestOfText(canonical(value));
}

/** SHA-256, in hex. */
export function digestOfText(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
