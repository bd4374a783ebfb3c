import { expect, test } from "bun:test";
import { findSecrets, withoutSecrets } from "../../../lib/workplan/secrets.ts";

// Each is put together here, so that no scanner takes this file for a leak.
const SECRETS: Readonly<Record<string, string>> = {
  "a private key": ["-----BEGIN OPENSSH", "PRIVATE KEY-----"].join(" "),
  "an AWS access key id": `AKIA${"ABCDEFGHIJKLMNOP"}`,
  "an AWS temporary access key id": `ASIA${"ABCDEFGHIJKLMNOP"}`,
  "a GitHub token": `ghp_${"a1".repeat(18)}`,
  "a GitLab token": `glpat-${"a1".repeat(10)}`,
  "a Slack token": `xoxb-${"123456789012"}`,
  "a Stripe key": `sk_live_${"a1".repeat(12)}`,
  "an age identity": `AGE-SECRET-KEY-1${"Q".repeat(58)}`,
};

for (const [name, secret] of Object.entries(SECRETS)) {
  test(`findSecrets() finds ${name} and names only its length`, () => {
    const text = `see ${secret} here`;
    expect(findSecrets(text)).toEqual([
      { start: 4, end: 4 + secret.length, label: `${name}, ${secret.length} characters` },
    ]);
    expect(withoutSecrets(text)).toBe(`see (${name}, ${secret.length} characters) here`);
  });
}

test("findSecrets() finds the password of a URL, and only that", () => {
  const text = "nats://ops:s3cr%20t@10.0.0.1 and redis://:pw1x@h";
  expect(findSecrets(text).map(({ start, end }) => text.slice(start, end))).toEqual(["s3cr%20t", "pw1x"]);
});

const HARMLESS = [
  "postgres://user:password@host/db",
  "postgres://user:***@host",
  ["postgres://user:$", "{PASSWORD}@host"].join(""),
  "postgres://user:<password>@host",
  "postgres://user:$PGPASSWORD@host",
  "postgres://user@host:5432/db",
  "http://127.0.0.1:8000/a@b",
  "git@github.com:x/y.git and ssh://git@host:22/x",
  "AKIA is a prefix; AKIAABCDEFGHIJKLMNOPQ is longer",
  "-----BEGIN CERTIFICATE-----",
  "-----BEGIN PUBLIC KEY-----",
  "ghp_short glpat-short xox xoxb-1 sk_live_",
];
for (const text of HARMLESS) {
  test(`findSecrets() leaves ${JSON.stringify(text)} alone`, () => {
    expect(findSecrets(text)).toEqual([]);
  });
}
