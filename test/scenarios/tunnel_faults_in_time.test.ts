// Each fault as an operator meets it: the script as a process, with 3 s for everything. It names the layer, the cause and what
// to do, ends in time, and leaves no process, no connection and no file but its memory of verdicts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";
import type { HealthReport } from "../../lib/tunnel/report.ts";
import { waitUntil } from "../../lib/wait_until.ts";
import { temporaryFolder } from "../support/git_repo.ts";
import { processesIn } from "../support/processes_in.ts";
import { servedHub } from "../support/served_hub.ts";
import { startSshd } from "../support/sshd.ts";
import type { FaultScene } from "../support/tunnel_fault_scene.ts";
import { TUNNEL_FAULTS } from "../support/tunnel_faults.ts";
import { sshdWithLockedAccount } from "../support/tunnel_locked.ts";
import { probeOf, shortOf, tunnelWords, writeTunnels } from "../support/tunnel_scene.ts";

const SCRIPT = join(import.meta.dir, "../../scripts/tunnel_health.ts");
const TIMEOUT_S = 3;
/** Of the program itself, on a machine that is busy. */
const STARTS_WITHIN_MS = 2_500;
const EXIT_OF: Readonly<Record<string, number>> = { down: 1, degraded: 0, unknown: 2, healthy: 0 };

const folder = temporaryFolder();
let scene: FaultScene & { readonly stop: () => Promise<void> };
beforeAll(async () => {
  const [sshd, hub, locked] = await Promise.all([startSshd(), servedHub(), sshdWithLockedAccount()]);
  const stop = async () => {
    await hub.close();
    await Promise.all([sshd.stop(), locked.stop()]);
    folder.remove();
  };
  scene = { folder: folder.path, sshd, hub, lockedSshd: locked.sshd, stop };
});
afterAll(() => scene.stop());

interface Checked {
  readonly exitCode: number;
  readonly report: HealthReport;
  readonly tookMs: number;
  /** Paths of files below the folder that it could write to. */
  readonly left: readonly string[];
}

async function checked(config: string, args: readonly string[]): Promise<Checked> {
  const own = join(folder.path, crypto.randomUUID());
  for (const name of ["tmp", "home", "state"]) mkdirSync(join(own, name), { recursive: true });
  const { SSH_AUTH_SOCK: _, ...env } = environmentForPrograms();
  const places = { TMPDIR: join(own, "tmp"), HOME: join(own, "home"), STATE_HUB_HOME: join(own, "state") };
  // Bun's own, of the programs' texts: below the home unless said otherwise.
  const cache = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: join(folder.path, "cache") };
  const started = performance.now();
  const { exitCode, stdout } = await run([SCRIPT, "--config", config, "--json", ...args], {
    env: { ...env, ...places, ...cache, STATE_HUB_URL: "http://127.0.0.1:1" },
    cwd: own,
    deadlineMs: 30_000,
  });
  const tookMs = performance.now() - started;
  expect(processesIn(own)).toEqual([]);
  const left = readdirSync(own, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return { exitCode, report: JSON.parse(stdout), tookMs, left: left.map(({ name }) => name) };
}

/** Of the check, at either sshd: none may outlive it. */
async function connectionsGone(): Promise<void> {
  const ports = [scene.sshd.port, scene.lockedSshd.port];
  const argv = ["ss", "-tHn", "state", "established", `( dport = :${ports[0]} or dport = :${ports[1]} )`];
  await waitUntil({ forWhat: "the connections to be gone", deadlineMs: 3_000 }, async () => {
    const { stdout } = await run(argv, { env: environmentForPrograms(), deadlineMs: 5_000 });
    return stdout.trim() === "" ? { found: true } : { seen: stdout };
  });
}

describe("tunnel_health.ts --timeout 3", () => {
  test("of a tunnel that works, and of the account that is not locked: healthy", async () => {
    const target = { port: Number(new URL(scene.hub.at).port) };
    const open = tunnelWords(scene.lockedSshd, target, { name: "open", ssh: { user: "open-tunnel" } });
    const config = writeTunnels(join(folder.path, "good"), [tunnelWords(scene.sshd, target), open]);
    const { report, exitCode } = await checked(config, ["--timeout", `${TIMEOUT_S}`, "--slow", "60000"]);
    expect({ exitCode, said: report.tunnels.map(shortOf) }).toEqual({ exitCode: 0, said: ["healthy", "healthy"] });
  });

  for (const [
    at,
    { given, wanted, cause, remedy, args = ["--timeout", `${TIMEOUT_S}`], breaks },
  ] of TUNNEL_FAULTS.entries())
    test(`of ${given}: ${wanted}, in time, and nothing is left`, async () => {
      const { tunnels, mend } = await breaks(scene);
      const { exitCode, report, tookMs, left } = await checked(
        writeTunnels(join(folder.path, `fault-${at}`), tunnels),
        args,
      ).finally(mend);
      expect(report.tunnels.map(shortOf)).toEqual(tunnels.map(() => wanted));
      const [first] = report.tunnels;
      expect(first?.cause).toMatch(cause);
      if (first?.broken) expect(probeOf(first, first.broken).remedy).toContain(remedy);
      expect(exitCode).toBe(EXIT_OF[report.verdict] ?? -1);
      const withinMs = Number(args[args.indexOf("--timeout") + 1]) * 1_000;
      expect(report.ms).toBeLessThan(withinMs + 250);
      expect(tookMs).toBeLessThan(withinMs + STARTS_WITHIN_MS);
      expect(left).toEqual(["verdicts.json"]);
      await connectionsGone();
    });
});
