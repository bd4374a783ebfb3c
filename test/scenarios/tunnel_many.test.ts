// Two hundred tunnels, as one check by the script: each has its verdict, within the time that a check takes unless told
// otherwise, and in the memory of a small program.
import { expect, test } from "bun:test";
import { environmentForPrograms } from "../../lib/config.ts";
import type { HealthReport } from "../../lib/tunnel/report.ts";
import { hubBehindSshd } from "../support/hub_behind_sshd.ts";
import { shortOf, tunnelWords, writeTunnels } from "../support/tunnel_scene.ts";

const COUNT = 200;
const MOST_BYTES = 300_000_000;
const scene = hubBehindSshd();

test("200 tunnels are all checked, the broken ones among them named, in 30 s and 300 MB", async () => {
  const tunnels = Array.from({ length: COUNT }, (_, at) => {
    const more = at % 10 === 0 ? { health: { system_identifier: "7000000000000000000" } } : {};
    return tunnelWords(scene.sshd, { port: Number(new URL(scene.hub.at).port) }, { name: `tunnel-${at}`, ...more });
  });
  const argv = [
    "scripts/tunnel_health.ts",
    "--config",
    writeTunnels(scene.folder, tunnels),
    "--json",
    "--slow",
    "60000",
  ];
  const child = Bun.spawn(argv, {
    cwd: `${import.meta.dir}/../..`,
    env: { ...environmentForPrograms(), STATE_HUB_HOME: scene.folder, STATE_HUB_URL: "http://127.0.0.1:1" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const peak = peakOf(child.pid, child.exited);
  const report = (await new Response(child.stdout).json()) as HealthReport;
  expect(await child.exited).toBe(1);
  expect(report.tunnels.map(({ name }) => name)).toEqual(tunnels.map(({ name = "" }) => name));
  expect(report.tunnels.map(shortOf)).toEqual(tunnels.map((_, at) => (at % 10 === 0 ? "down at identity" : "healthy")));
  expect(report.ms).toBeLessThan(30_000);
  const bytes = await peak;
  expect([bytes > 0, bytes < MOST_BYTES]).toEqual([true, true]);
}, 60_000);

/** Bytes, as last seen before its end. What it used is no measure: Linux counts the process that started it in. */
async function peakOf(pid: number, exited: Promise<unknown>): Promise<number> {
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  let bytes = 0;
  while (!ended) {
    const status = await Bun.file(`/proc/${pid}/status`)
      .text()
      .catch(() => "");
    bytes = 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? bytes / 1024);
    await Bun.sleep(20);
  }
  return bytes;
}
