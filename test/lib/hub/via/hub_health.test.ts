// A hub that is there only after some seconds, as for a pod whose network comes up after its program.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unhealthyHub } from "../../../../lib/hub/via/hub_health.ts";
import { freePort } from "../../../support/free_port.ts";

describe("unhealthyHub()", () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "hub-health-"));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const ask = (port: number, patienceMs: number, signal = new AbortController().signal) =>
    unhealthyHub({ via: `http://127.0.0.1:${port}`, token: null, home, patienceMs, signal });

  test("unhealthyHub() asks once where it has no patience", async () => {
    expect(await ask(await freePort("127.0.0.1"), 0)).toMatchObject({ hub: null });
  });

  test("unhealthyHub() finds one that comes up within its patience, and none that answers 503 throughout", async () => {
    const port = await freePort("127.0.0.1");
    const health = { status: "ok", db: "connected", instance_id: "i", system_identifier: "1" };
    let asked = 0;
    const early = ask(port, 10_000);
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port,
      fetch: () =>
        ++asked < 3 ? new Response("", { status: 503, headers: { "retry-after": "0" } }) : Response.json(health),
    });
    try {
      expect(await early).toBeNull();
      expect(asked).toBe(3);
      server.reload({ fetch: () => Response.json({ title: "No database" }, { status: 503 }) });
      expect(await ask(port, 1_500)).toMatchObject({ found: "503 No database" });
    } finally {
      await server.stop(true);
    }
  });

  test("unhealthyHub() stops asking when it is told to", async () => {
    const control = new AbortController();
    const asking = ask(await freePort("127.0.0.1"), 60_000, control.signal);
    control.abort(new Error("enough"));
    await expect(asking).rejects.toThrow("enough");
  });
});
