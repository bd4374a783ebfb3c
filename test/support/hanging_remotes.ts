// Remotes that keep a sweep waiting: servers that accept and say nothing, that stop after their first byte, that answer
// at 1 KB/s. Each has a server of its own, so that none is slow because of another.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import type { Report } from "../../lib/consistency/report.ts";
import type { RepoState } from "../../lib/consistency/sweep/back_off.ts";
import { run } from "../../lib/process/run.ts";
import { type HttpsRemote, startHttpsRemote } from "./https_remote.ts";
import { type Sshd, startSshd } from "./sshd.ts";
import { type SweptFleet, sweptFleet } from "./swept_fleet.ts";

const FAULTS = ["silent", "first_byte", "slow"] as const;
type Fault = (typeof FAULTS)[number];

/** "ssh silent", "https slow" ...; the mute ones accept a connection, and never say a word of ssh or TLS. */
export type HangingName = `${"ssh" | "https"} ${Fault}` | "ssh mute" | "https mute";
export const HANGING: readonly HangingName[] = [
  ...FAULTS.flatMap((fault) => [`ssh ${fault}`, `https ${fault}`] as const),
  "ssh mute",
  "https mute",
];

export interface HangingServers {
  url(name: HangingName, path: string): string;
  /** Connections or requests so far, also those that were never answered. */
  contacts(name: HangingName): number;
  /** From now on they hang, or serve as they should; the mute ones always hang. */
  hang(hanging: boolean): void;
  stop(): Promise<void>;
}

export async function startHangingServers({ folder, home, userHome }: SweptFleet): Promise<HangingServers> {
  const sshds = await Promise.all(FAULTS.map((_, at) => startSshd({ bind: `127.0.1.${at + 1}` })));
  const webs = await Promise.all(FAULTS.map(() => startHttpsRemote({ root: folder })));
  const mute = await startMute();
  mkdirSync(join(home, "ssh"), { recursive: true });
  writeFileSync(join(home, "ssh/config"), sshds.map(({ sshConfig }) => sshConfig).join(""));
  writeFileSync(join(userHome, ".gitconfig"), webs.map(({ gitConfig }) => gitConfig).join(""));
  const serverOf = (name: HangingName): { sshd?: Sshd; web?: HttpsRemote } => {
    const [kind, fault] = name.split(" ") as ["ssh" | "https", Fault | "mute"];
    const at = FAULTS.indexOf(fault as Fault);
    const [sshd, web] = [sshds[at], webs[at]];
    return kind === "ssh" ? { ...(sshd && { sshd }) } : { ...(web && { web }) };
  };
  return {
    url: (name, path) => {
      const { sshd, web } = serverOf(name);
      if (name === "ssh mute") return `ssh://somebody@127.0.0.1:${mute.port}${path}`;
      return sshd?.urlOf(path) ?? web?.url(path.slice(folder.length)) ?? `https://127.0.0.1:${mute.port}${path}`;
    },
    contacts: (name) => {
      const { sshd, web } = serverOf(name);
      if (sshd) return sshd.log().match(/^Connection from /gm)?.length ?? 0;
      return web ? web.requests().length + web.waiting() : mute.accepted();
    },
    hang: (hanging) => {
      for (const [at, fault] of FAULTS.entries()) {
        sshds[at]?.fault(hanging ? fault : null);
        webs[at]?.fault(hanging ? fault : null);
      }
    },
    stop: async () => {
      for (const server of [...sshds, ...webs]) await server.stop();
      mute.stop();
    },
  };
}

async function startMute() {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server: Server = createServer((socket) => {
    accepted++;
    sockets.add(socket.on("error", () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    accepted: () => accepted,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** At 1 KB/s the list of so many branches alone takes longer than a sweep waits for it. */
const MANY_BRANCHES = 400;

export interface HangingSweep {
  readonly code: number;
  readonly report: Report & { readonly remarks: readonly string[] };
  readonly states: Readonly<Record<string, RepoState>>;
  readonly contacts: Readonly<Record<string, number>>;
  /** Workplans and tasks of each repository that are there, by its slug. */
  readonly rows: Readonly<Record<string, number>>;
}

/** Sweeps before, twice while and after all of them hang, a quarter of an hour after the first of these. */
export interface HangingHistory {
  readonly settled: HangingSweep;
  readonly hung: HangingSweep;
  readonly waiting: HangingSweep;
  readonly mended: HangingSweep;
}

export const WELL_BESIDE = ["well-1", "well-2"] as const;

export function slugOf(name: HangingName): string {
  return name.replace(/[ _]/g, "-");
}

export async function hangingHistory(): Promise<HangingHistory> {
  const fleet = await sweptFleet();
  const servers = await startHangingServers(fleet);
  try {
    const add = (name: HangingName) => addHanging(fleet, servers, name);
    for (const name of HANGING) if (!name.endsWith("mute")) await add(name);
    const well = [];
    for (const slug of WELL_BESIDE) well.push(await fleet.add(slug, { checkout: false }));
    const settled = await sweep(fleet, servers);
    for (const name of HANGING) if (name.endsWith("mute")) await add(name);
    servers.hang(true);
    for (const { clone, push } of well) {
      await clone.git("pull", "--quiet", "--ff-only", "origin", "main");
      await push({ "notes.txt": "somebody is at work\n", "workplans/README.md": "about these\n" });
    }
    const hung = await sweep(fleet, servers);
    const waiting = await sweep(fleet, servers);
    servers.hang(false);
    await fleet.passTime(16);
    // Two of them never serve.
    await fleet.hub.database.sql`update repos set removed_at = now() where remote_url like '%/%-mute/%'`;
    return { settled, hung, waiting, mended: await sweep(fleet, servers) };
  } finally {
    await servers.stop();
    await fleet.close();
  }
}

async function addHanging(fleet: SweptFleet, servers: HangingServers, name: HangingName): Promise<void> {
  const { path } = await fleet.add(slugOf(name), { url: (at) => servers.url(name, at), checkout: false });
  if (!name.endsWith("slow")) return;
  const lines = Array.from({ length: MANY_BRANCHES }, (_, at) => `create refs/heads/branch-${at} main\n`).join("");
  const argv = ["git", "-C", path, "update-ref", "--stdin"];
  await run(argv, { env: environmentForPrograms(), deadlineMs: 60_000, stdin: lines });
}

async function sweep(fleet: SweptFleet, servers: HangingServers): Promise<HangingSweep> {
  const ran = await fleet.sweepAsScript(["--source", "local-timer"]);
  const rows = await fleet.hub.database.sql<{ slug: string; rows: number }[]>`
    select r.slug, count(*)::int as rows from repos r
    join (
      select repo_id, missing_since, orphaned_at from workstreams union all
      select repo_id, missing_since, orphaned_at from tasks
    ) as each on each.repo_id = r.id and each.missing_since is null and each.orphaned_at is null
    group by r.slug`;
  return {
    code: ran.code,
    report: JSON.parse(ran.out) as HangingSweep["report"],
    states: await fleet.states(),
    contacts: Object.fromEntries(HANGING.map((name) => [slugOf(name), servers.contacts(name)])),
    rows: Object.fromEntries(rows.map((row) => [row.slug, row.rows])),
  };
}
