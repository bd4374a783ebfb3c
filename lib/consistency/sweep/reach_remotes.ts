// Makes ready to work with remotes: where they stood after the last sweep, how git gets to them, and the first look.
import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import type { Reader } from "../../db/handles.ts";
import { remoteAccess } from "../../git/remote/remote_access.ts";
import type { CheckOptions, RemoteOptions } from "../check_options.ts";
import type { Changed } from "../look_at_fleet.ts";
import type { RunLedger } from "../run_ledger.ts";
import { lookAtRemotes, type RemoteLook } from "./look_at_remotes.ts";
import type { Reach } from "./reach.ts";
import { loadSweepState, type SweepState } from "./sweep_state.ts";

export interface Reached {
  readonly reach: Reach;
  readonly state: SweepState;
  look(): Promise<Changed[]>;
}

type LookTerms = Omit<RemoteLook, "reach" | "state" | "single"> & Pick<CheckOptions, "scope" | "dryRun" | "source">;

export async function reachRemotes(
  sql: Reader,
  ledger: RunLedger,
  options: LookTerms,
  remotes: RemoteOptions,
): Promise<Reached> {
  const { home, writeBack, atOnce, perHost } = remotes;
  // A local remote that belongs to another account is read all the same: somebody has registered it.
  const local = ledger.repos.flatMap(({ remote_url: url, twins }) => [
    ...twins,
    ...(url === null ? [] : [url.replace(/^file:\/\//, "")].filter((path) => path.startsWith("/"))),
  ]);
  const access = remoteAccess({ home, safePaths: local.filter(isSomebodyElses) });
  const single = !("all" in options.scope);
  const manual = options.source === "manual" || single;
  const ownConfig = join(home, "ssh/config");
  const sshConfig = existsSync(ownConfig) ? ownConfig : null;
  const reach = { access, sshConfig, home, writeBack: writeBack && !options.dryRun, atOnce, perHost, manual };
  const state = await loadSweepState(sql);
  return { reach, state, look: () => lookAtRemotes(ledger, { ...options, reach, state, single }) };
}

/** Only those are named to git: each process of it reads the whole list, and a thousand entries cost more than the question. */
function isSomebodyElses(path: string): boolean {
  return [path, join(path, ".git")].some((each) => {
    const stat = lstatSync(each, { throwIfNoEntry: false });
    return stat !== undefined && stat.uid !== process.geteuid?.();
  });
}
