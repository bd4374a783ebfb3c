// What may be printed of a URL. A token that stands where a name is expected is the one that gets out.
import { describe, expect, test } from "bun:test";
import { printableUrl, Secret, scrubText } from "../../lib/secret.ts";

describe("printableUrl()", () => {
  const cases: [string, string][] = [
    ["postgres://user:s3cret@host:5432/db?password=s3cret&x=1", "postgres://user@host:5432/db?x=1"],
    ["ssh://git:s3cret@host/o/r.git", "ssh://git@host/o/r.git"],
    ["https://ghp_s3cret@host/o/r.git", "https://host/o/r.git"],
    ["https://ghp_s3cret:x-oauth-basic@host/o/r.git", "https://host/o/r.git"],
    ["http://x-token-auth:s3cret@host/o/r.git", "http://host/o/r.git"],
    ["HTTPS://me:s3cret@host/o/r.git?access_token=s3cret", "https://host/o/r.git"],
    ["https://s3cret@host:not-a-port/r.git", "https://host:not-a-port/r.git"],
    ["git@host:o/r.git", "git@host:o/r.git"],
    ["/srv/repos/r.git", "/srv/repos/r.git"],
  ];
  for (const [url, wanted] of cases) test(`gives ${wanted}`, () => expect(printableUrl(url)).toBe(wanted));
});

describe("scrubText()", () => {
  const cases: [string, string][] = [
    [
      "fatal: unable to access 'https://ghp_s3cret@host/o/r.git/': 403",
      "fatal: unable to access 'https://host/o/r.git/': 403",
    ],
    ["https://me:s3cret@host/r and https://s3cret@host/r", "https://host/r and https://host/r"],
    ["https://me:s3@cret@host/r", "https://host/r"],
    ["postgres://user:s3cret@host/db: no answer", "postgres://user@host/db: no answer"],
    ["ssh://git@host/o/r.git", "ssh://git@host/o/r.git"],
    ["https://host/@scope/name, ask a@b.example", "https://host/@scope/name, ask a@b.example"],
    ['{"url":"https://host","mail":"a@b.example"}', '{"url":"https://host","mail":"a@b.example"}'],
  ];
  test("reads a megabyte without a break once, not once for each of its letters", () => {
    const line = "a".repeat(1_000_000);
    expect(scrubText(`${line} postgres://user:s3cret@host`)).toBe(`${line} postgres://user@host`);
  });

  for (const [text, wanted] of cases) test(`gives ${wanted}`, () => expect(scrubText(text)).toBe(wanted));
});

describe("Secret", () => {
  test("shows its value to nobody who does not ask for it by name", () => {
    const secret = new Secret("s3cret");
    expect([`${secret}`, JSON.stringify({ secret }), Bun.inspect(secret)].join(" ")).not.toContain("s3cret");
    expect(secret.reveal()).toBe("s3cret");
  });
});
