// What may be asked of a hub that does the run in this machine's place. A flag that it would not heed is refused: a run
// that quietly did something else would be believed.
import { type OpsFailure, usageFailure } from "../../failure.ts";

export interface ViaFlags {
  readonly repo?: string | undefined;
  readonly all: boolean;
  readonly remote: boolean;
  readonly "write-back"?: boolean | undefined;
  readonly "max-seconds"?: number | undefined;
  readonly concurrency: number;
  readonly "per-host": number;
  readonly "dry-run": boolean;
  readonly plan?: string | undefined;
  readonly apply?: string | undefined;
  readonly full: boolean;
  readonly strict?: boolean | undefined;
  readonly source: string;
}

/** A request that begins a run. */
export interface ViaOrder {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Of the run, in seconds. */
  readonly maxSeconds: number;
  /** Whoever asks knows it by this; a new one unless given. */
  readonly runId?: string;
}

/** As the hub takes it. */
const LONGEST_S = 3_600;

/** @param usual what the flags are where they were not given: seconds of a run, and remotes at once */
export function askedVia(flags: ViaFlags, usual: { readonly seconds: number; readonly atOnce: number }): ViaOrder {
  const { repo, all, remote, source } = flags;
  if (!remote) throw refused("no --remote", "--remote: checkouts are on this machine, and the hub is not");
  if (all === (repo !== undefined))
    throw refused(all ? "--repo and --all together" : "neither", "exactly one of --repo or --all");
  const [foreign] = notTheHubs(flags, usual.atOnce);
  if (foreign !== undefined) throw refused(foreign, "a run as the hub does it: that flag cannot be sent to it");
  const maxSeconds = flags["max-seconds"] ?? usual.seconds;
  if (repo === undefined) {
    if (maxSeconds > LONGEST_S) throw refused(`--max-seconds ${maxSeconds}`, `at most ${LONGEST_S}`);
    return { path: "/consistency/sweep/remote-all", body: { source, max_seconds: maxSeconds }, maxSeconds };
  }
  if (/[/.]/.test(repo)) throw refused(`--repo ${repo}, a path on this machine`, "a slug, as the hub lists it");
  if (flags["max-seconds"] !== undefined)
    throw refused("--max-seconds with --repo", `--repo alone: the hub takes ${usual.seconds} s`);
  return { path: `/repos/${encodeURIComponent(repo)}/sync`, body: { source }, maxSeconds: usual.seconds };
}

function notTheHubs(flags: ViaFlags, atOnce: number): string[] {
  const given: readonly (readonly [string, boolean])[] = [
    ["--dry-run", flags["dry-run"]],
    ["--plan", flags.plan !== undefined],
    ["--apply", flags.apply !== undefined],
    ["--full", flags.full],
    ["--write-back or --no-write-back", flags["write-back"] !== undefined],
    ["--strict or --no-strict", flags.strict !== undefined],
    ["--concurrency", flags.concurrency !== atOnce],
    ["--per-host", flags["per-host"] !== atOnce],
  ];
  return given.flatMap(([name, isGiven]) => (isGiven ? [`${name} with --via`] : []));
}

function refused(observed: string, expected: string): OpsFailure {
  return usageFailure("Could not use these arguments", {
    observed,
    expected,
    hint: "scripts/consistency_check.ts --help",
  });
}
