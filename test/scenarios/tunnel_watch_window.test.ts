// A watch on a real terminal that is low and narrow: whatever it draws stays in the window, and nothing of it scrolls.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import { freePort } from "../support/free_port.ts";
import { hubBehindSshd } from "../support/hub_behind_sshd.ts";
import { tunnelWords, writeTunnels } from "../support/tunnel_scene.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/tunnel_health.ts");
const COUNT = 12;
const scene = hubBehindSshd();

/** What stands on a terminal of so many columns and rows after each round; script(1) is the terminal. */
async function drawn(rows: number, columns: number): Promise<string[][]> {
  const port = await freePort("127.0.0.1");
  const tunnels = Array.from({ length: COUNT }, (_, at) => {
    const more = at === COUNT - 1 ? { ssh: { port } } : {};
    return tunnelWords(scene.sshd, { port: Number(new URL(scene.hub.at).port) }, { name: `t${at}`, ...more });
  });
  const config = writeTunnels(scene.folder, tunnels);
  const line = `stty rows ${rows} cols ${columns}; ${SCRIPT} --config ${config} --watch --interval 1 --rounds 2 --slow 60000`;
  const { SSH_AUTH_SOCK: _, ...own } = environmentForPrograms();
  const places = { STATE_HUB_HOME: join(scene.folder, "state"), STATE_HUB_URL: "http://127.0.0.1:1" };
  const { stdout } = await run(["script", "-qec", line, "/dev/null"], {
    env: { ...own, ...places, TERM: "xterm", NO_COLOR: "1" },
    deadlineMs: 40_000,
  });
  const rounds = stdout.split("\u001b[H").slice(1);
  return rounds.map((text) =>
    (text.split("\u001b[K\r\n\u001b[J")[0] ?? "").replaceAll("\u001b[J", "").split("\u001b[K\r\n"),
  );
}

test("12 tunnels on 8 lines of 100 columns: the one that is down first, and how many others there are", async () => {
  const rounds = await drawn(8, 100);
  expect(rounds).toHaveLength(2);
  for (const lines of rounds) {
    expect(lines).toHaveLength(7);
    expect(lines[2]).toMatch(/^t11 +down /);
    expect(lines.at(-2)).toMatch(/^\d+ more, all healthy$/);
    expect(lines.at(-1)).toMatch(/^\d\d:\d\d:\d\dZ, \d+ ms; Ctrl-C ends$/);
  }
}, 60_000);

test("12 tunnels on 10 lines of 40 columns: no line is longer, and none too many", async () => {
  const rounds = await drawn(10, 40);
  expect(rounds).toHaveLength(2);
  for (const lines of rounds) {
    const height = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(Bun.stringWidth(line) / 40)), 0);
    expect(height).toBeLessThan(10);
    expect(lines.join("\n")).toContain("t11");
    expect((lines.at(-1) ?? "").length).toBeLessThanOrEqual(40);
  }
}, 60_000);
