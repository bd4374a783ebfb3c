// One text and one digest of a definition, whatever the order in which its keys were written or jsonb gives them back.

/** JSON with sorted keys. */
export function canonicalDefinition(definition: unknown): string {
  return JSON.stringify(definition, (_, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
      : value,
  );
}

/** SHA-256 of that text, in hex. */
export function definitionDigest(definition: unknown): string {
  return new Bun.CryptoHasher("sha256").update(canonicalDefinition(definition)).digest("hex");
}
