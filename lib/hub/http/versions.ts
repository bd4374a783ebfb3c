// Who changes a row names the version that was read, so that of two who change it at once the second one learns of the
// first (RFC 9110, 13.1.1). A version is an entity tag: `"7"`.
import { Problem } from "./problem.ts";

export const VERSION_HEADERS = {
  "if-match": { does: 'The version that was read, as its ETag has it: `"7"`; 428 without it', required: true },
} as const;

export function etagOf({ version }: { readonly version: number | string }): Readonly<Record<string, string>> {
  return { etag: `"${version}"` };
}

/** @throws Problem 428 without If-Match, 422 when it is no single strong tag */
export function versionOf(header: (name: string) => string | null): string {
  const given = header("if-match");
  if (given === null)
    throw new Problem(428, "Precondition required", {
      detail: "Name the version that you read: If-Match with the ETag of the last answer",
    });
  // Within a bigint.
  const version = /^\s*"(\d{1,18})"\s*$/.exec(given)?.[1];
  if (version === undefined)
    throw new Problem(422, "Invalid value", {
      errors: [{ at: "header.if-match", message: 'must be one tag such as "7"' }],
    });
  return version;
}

export function stale(now: number | string): Problem {
  return new Problem(412, "Stale version", {
    detail: `Somebody changed it meanwhile: it is at version ${now} now. Read it again, then decide`,
    headers: etagOf({ version: now }),
  });
}
