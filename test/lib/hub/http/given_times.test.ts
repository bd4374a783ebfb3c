// Times that a client gives: those that the database takes, and that come back as ISO 8601; of others it learns which
// field it was.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(() => hub.close());

const REFUSED = [
  "0000-01-01T00:00:00Z",
  "2026-01-01T00:00:00+23:59",
  "2026-01-01T00:00:00-16:00",
  // As UTC the first would be in the year 10000, the second before Christ.
  "9999-12-31T23:59:59-15:00",
  "9999-12-31T23:59:59.9999999Z",
  "0001-01-01T00:00:00+15:00",
  `2026-01-01T00:00:00.${"1".repeat(300)}Z`,
  "2026-01-01T00:00:00",
  "2026-02-30T00:00:00Z",
];
const TAKEN: Readonly<Record<string, string>> = {
  "2026-01-01T00:00:00Z": "2026-01-01T00:00:00+00:00",
  "2026-01-01T00:00:00.123456+15:59": "2025-12-31T08:01:00.123456+00:00",
  "2024-02-29T12:00:00.1234567-00:30": "2024-02-29T12:30:00.123457+00:00",
  "0001-01-01T00:00:00Z": "0001-01-01T00:00:00+00:00",
  "9999-12-31T23:59:59Z": "9999-12-31T23:59:59+00:00",
};

test("a time that cannot be kept or given back is refused by its field, wherever it is given", async () => {
  for (const time of REFUSED) {
    const asked = encodeURIComponent(time);
    const answers = {
      "query.since": await hub.ask(`/progress?since=${asked}`),
      "query.as_of": await hub.ask(`/state/summary?as_of=${asked}`),
      "body.expires_at": await hub.send("POST", "/decisions", { title: "Until when", expires_at: time }),
    };
    for (const [at, answer] of Object.entries(answers))
      expect([time, answer.status, await answer.json()]).toMatchObject([time, 422, { errors: [{ at }] }]);
  }
});

test("a time that is taken comes back as the same moment", async () => {
  for (const [time, moment] of Object.entries(TAKEN)) {
    const answer = await hub.send("POST", "/decisions", { title: "Until when", expires_at: time });
    expect([time, answer.status, await answer.json()]).toMatchObject([time, 201, { expires_at: moment }]);
    const summary = await hub.ask(`/state/summary?as_of=${encodeURIComponent(time)}`);
    expect([time, await summary.json()]).toMatchObject([time, { as_of: moment }]);
  }
});
