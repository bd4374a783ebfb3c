// The middle of every drill, whatever its rows come from: restore them, hold the copy against the facts, let the hub answer over it.
import { type ClientPrograms, findClientPrograms } from "../../postgres/client/client_programs.ts";
import { printableUrl } from "../../secret.ts";
import type { Archive } from "../archive/archive.ts";
import type { Run } from "../run.ts";
import { digestsOf, type Facts, type Outset, rowsOf } from "../source/facts.ts";
import { compareCopy } from "./compare_copy.ts";
import { compareHub } from "./compare_hub.ts";
import type { CopyTarget } from "./copy_target.ts";
import { makeReady } from "./make_ready.ts";

/** A copy to be looked at, and how its server was before. */
export interface RestoredCopy {
  readonly target: CopyTarget;
  readonly archive: Archive;
  readonly existingRoles: readonly string[];
  /** Those that fit the target's server. */
  readonly programs: ClientPrograms;
}

interface RestoreWith {
  readonly target: CopyTarget;
  readonly archive: Archive;
  /** When the archive is whole; nothing: it is. A server of our own is made ready meanwhile, a given one is left alone. */
  readonly whole?: Promise<unknown>;
  readonly signal: AbortSignal;
}

/** @throws OpsFailure (automation) at the first error of the restore */
export async function restoreCopy(
  { stages, terms, draft }: Run,
  outset: Outset,
  { target, archive, whole, signal }: RestoreWith,
): Promise<RestoredCopy> {
  if (target.kind === "given") await whole;
  const serverMajor = Math.max(outset.source.major, target.server.major, archive.major);
  const programs = await findClientPrograms({ serverMajor, env: terms.env });
  draft.touched = target.kind === "given";
  const { existingRoles, operatorsShare, finish } = await makeReady(target, outset);
  if (target.kind === "given") draft.remarks.push(...remarksOnGiven(target, operatorsShare));
  await whole;
  const silent = await isSuperuser(target);
  await stages.run("Restoring", (onProgress) =>
    archive.restore({ programs, url: target.url, env: terms.env, nice: terms.jobs === 1, silent, signal }, onProgress),
  );
  await finish();
  return { target, archive, existingRoles, programs };
}

async function isSuperuser({ query }: CopyTarget): Promise<boolean> {
  const [role] = await query<{ is: boolean }>(
    "select rolsuper as is from pg_catalog.pg_roles where rolname operator(pg_catalog.=) current_user",
  );
  return role?.is === true;
}

function remarksOnGiven({ url }: CopyTarget, share: readonly string[]): string[] {
  if (share.length === 0) return [];
  const where = printableUrl(url.reveal());
  return [
    `Missing roles were made on ${where} without password and without a right to log in; to give them theirs: ` +
      `${share.join("; ")}; then in psql \\password ROLE`,
  ];
}

/** Puts into the draft what it finds. */
export async function proveCopy(run: Run, facts: Facts, copy: RestoredCopy, signal: AbortSignal): Promise<void> {
  const { terms, stages, folder, draft } = run;
  noteFacts(run, facts);
  draft.comparison = await compareCopy({ facts, ...copy, folder, terms, stages, signal });
  draft.hub = await stages.run("Asking the hub over the copy", () =>
    compareHub(facts, copy.target, { hub: terms.hub, signal }),
  );
}

/** What a report tells of the source, as soon as it is known. */
export function noteFacts({ draft }: Pick<Run, "draft">, facts: Facts): void {
  draft.source = facts.source;
  draft.clock = facts.clock;
  draft.instanceId = facts.hub?.instance_id ?? null;
  draft.rows = rowsOf(facts);
  draft.digests = digestsOf(facts);
}
