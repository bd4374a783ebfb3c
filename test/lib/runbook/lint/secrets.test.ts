// What counts as a credential, and that none is ever shown.
import { expect, test } from "bun:test";
import { lintOf, TEND, tendWith } from "../small_toolkit.ts";

const lintWith = (words: string) => lintOf({ [TEND]: tendWith("Nobody", `${words}\nnobody`) });

test.each([
  ["ghp_", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"],
  ["curl -H 'Authorization: Bearer ", "aB3dE5fG7hI9jK1l'"],
  ["STATE_HUB_TOKEN=", "aB3dE5fG7hI9jK1l"],
  ['{"password": "', 'rosen4711kavalier"}'],
  ["postgres://ada:", "rosenkavalier@host/hub"],
])("secrets finds %s...", async (before, secret) => {
  const report = await lintWith(before + secret);
  expect(report.problems.map(({ rule }) => rule)).toEqual(["secret"]);
  expect(JSON.stringify(report)).not.toContain(secret.slice(0, 8));
});

test.each([
  "STATE_HUB_TOKEN_FILE=~/.config/state-hub/token-2026",
  "STATE_HUB_TOKEN=...",
  "STATE_HUB_TOKEN=/run/secrets/state-hub-2",
  "STATE_HUB_TOKEN=the-token-of-2026",
  "STATE_HUB_TOKEN=somebodysToken",
  "postgres://ada:password@host/hub",
  "postgres://ada@host:5432/hub",
  "Authorization: Bearer <token>",
  "digest sha256:9f86d081884c7d659a2feaa0c55ad015",
  "the token: it is read when the hub starts",
  "tokens = state-hub-token-v2-file",
])("secrets lets %s stand", async (words) => {
  expect((await lintWith(words)).problems).toEqual([]);
});
