// A change of a verdict is one event of the hub, although the check that told it was killed before it heard that it was taken.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { Secret } from "../../lib/secret.ts";
import type { VerdictChange } from "../../lib/tunnel/remember_verdicts.ts";
import { tellHub } from "../../lib/tunnel/tell_hub.ts";
import { freePort } from "../support/free_port.ts";
import { hubBehindSshd } from "../support/hub_behind_sshd.ts";
import { tunnelWords, writeTunnels } from "../support/tunnel_scene.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/tunnel_health.ts");
const scene = hubBehindSshd();

async function summaries(): Promise<string[]> {
  const rows = await scene.hub.database.sql<{ summary: string }[]>`
    select summary from progress_events where event_type = 'tunnel_health' order by created_at, id`;
  return rows.map(({ summary }) => summary);
}

/** The hub, with `onTaken` between what it has taken and its answer. */
function before(onTaken: (key: string | null) => void) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const answer = await fetch(`${scene.hub.at}${pathname}`, {
        method: request.method,
        headers: request.headers,
        body: await request.text(),
      });
      onTaken(request.headers.get("idempotency-key"));
      return answer;
    },
  });
}

test("a check that is killed while it tells the hub: the next one tells the same event, and no other", async () => {
  const ssh = { port: await freePort("127.0.0.1") };
  const config = writeTunnels(scene.folder, [tunnelWords(scene.sshd, { port: 1 }, { ssh })]);
  const home = join(scene.folder, "state");
  const keys: (string | null)[] = [];
  let child: Bun.Subprocess | undefined;
  const between = before((key) => {
    keys.push(key);
    if (keys.length === 1) child?.kill("SIGKILL");
  });
  const { SSH_AUTH_SOCK: _, ...env } = environmentForPrograms();
  const places = { STATE_HUB_HOME: home, STATE_HUB_URL: `http://127.0.0.1:${between.port}` };
  const checked = () => {
    child = Bun.spawn([SCRIPT, "--config", config], {
      env: { ...env, ...places },
      stdio: ["ignore", "ignore", "ignore"],
    });
    return child.exited;
  };
  const untold = () => JSON.parse(readFileSync(join(home, "tunnels/verdicts.json"), "utf8")).untold.length;
  try {
    expect(await checked()).toBe(137);
    expect({ untold: untold(), told: keys.length }).toEqual({ untold: 1, told: 1 });
    expect(await checked()).toBe(1);
    expect({ untold: untold(), told: keys.length }).toEqual({ untold: 0, told: 2 });
    expect(await checked()).toBe(1);
  } finally {
    await between.stop(true);
  }
  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(keys[0] ?? "none");
  expect((await summaries()).map((summary) => summary.split(" (")[0])).toEqual([`hub of ${config}: down`]);
});

test("a change that is told twice to the hub's database is one event", async () => {
  const change: VerdictChange = {
    key: crypto.randomUUID(),
    ...{ tunnel: "twice", list: null, from: "down", to: "healthy", broken: null, cause: null },
    ...{ seen_at: new Date().toISOString(), host: "here" },
  };
  const to = { database: new Secret(scene.hub.url), url: scene.hub.at, token: null };
  for (const _ of [1, 2]) expect(await tellHub(to, change, 3_000)).toBe(true);
  expect((await summaries()).filter((summary) => summary.startsWith("twice"))).toEqual(["twice: down to healthy"]);
});
