import { expect, test } from "bun:test";
import { runCheck } from "../support/check_process.ts";
import { freshHub } from "../support/hub.ts";
import { relayTo } from "../support/tcp_relay.ts";

test("consistency_check.ts ends with C-00 when a server takes the connection and never says a word", async () => {
  const hub = await freshHub();
  const relay = await relayTo(hub.url);
  relay.swallow();
  const ran = await runCheck(["--all", "--json"], { DATABASE_URL: relay.url });
  expect(ran.code).toBe(2);
  expect(ran.report().automation_error?.message).toContain("CONNECT_TIMEOUT");
  relay.close();
  await hub.close();
}, 60_000);
