// One repository's hook, judged and then changed: what stands there, whether it may be touched, and what was done. A dry run
// goes the same way and stops before the write.
import { join } from "node:path";
import { checkoutAt } from "../../git/checkout.ts";
import { hookBlock } from "./hook_block.ts";
import { type HookFile, readHook, writeHook } from "./hook_file.ts";
import { elsewhere, installRefused, type Refusal, writeRefused } from "./hook_refusal.ts";
import { type HookState, hookState, isHalf, withBlock, withoutBlock } from "./hook_text.ts";
import { hooksFolder, sharedFolder } from "./hooks_folder.ts";

/** A checkout on this host, and what the hub calls its repository; null where it does not know it. */
export interface HookRepo {
  readonly path: string;
  readonly slug: string | null;
}

export interface HookRow extends HookRepo {
  /** The file that git runs after a commit. */
  readonly hook: string;
  readonly state: HookState;
  /** What this run did, or a dry run would do. */
  readonly did: "installed" | "updated" | "removed" | "nothing" | "refused";
  readonly why: string | null;
  readonly hint: string | null;
  /** The lines for a person to paste elsewhere; null where they stand, or could. */
  readonly block: string | null;
}

interface Found {
  readonly repo: HookRepo;
  readonly file: HookFile;
  /** The folder is others' too. */
  readonly shared: Refusal | null;
}

export async function hookStatusOf(repo: HookRepo): Promise<HookRow> {
  const found = await findHook(repo);
  return rowOf(found, "nothing", found.shared ?? installRefused(found.file));
}

/** @param repo one whose slug is known and stands in a URL as it is */
export async function installHook(repo: HookRepo & { readonly slug: string }, dryRun: boolean): Promise<HookRow> {
  const found = await findHook(repo);
  const refused = found.shared ?? installRefused(found.file);
  if (refused !== null) return rowOf(found, "refused", refused);
  const { text } = found.file;
  const state = hookState(text, repo.slug);
  if (state === "installed") return rowOf(found, "nothing", null);
  const next = { ...found, file: { ...found.file, text: withBlock(text, repo.slug) } };
  if (!dryRun) writeHook(found.file, next.file.text);
  return rowOf(dryRun ? found : next, state === "outdated" ? "updated" : "installed", null);
}

export async function removeHook(repo: HookRepo, dryRun: boolean): Promise<HookRow> {
  const found = await findHook(repo);
  const text = withoutBlock(found.file.text);
  if (text === found.file.text && !isHalf(text ?? "")) return rowOf(found, "nothing", null);
  const refused = found.shared ?? writeRefused(found.file);
  if (refused !== null) return rowOf(found, "refused", { ...refused, paste: false });
  if (!dryRun) writeHook(found.file, text);
  return rowOf(dryRun ? found : { ...found, file: { ...found.file, text } }, "removed", null);
}

async function findHook(repo: HookRepo): Promise<Found> {
  const checkout = checkoutAt(repo.path);
  if (checkout === null) throw new Error(`${repo.path} was a checkout a moment ago`);
  const folder = await hooksFolder(checkout);
  const file = readHook(join(folder, "post-commit"));
  const shared = await sharedFolder(checkout, folder);
  return { repo, file, shared: shared === null ? null : elsewhere(shared) };
}

function rowOf({ repo, file }: Found, did: HookRow["did"], refused: Refusal | null): HookRow {
  const block = refused?.paste && repo.slug !== null ? hookBlock(repo.slug) : null;
  const { why = null, hint = null } = refused ?? {};
  return { ...repo, hook: file.path, state: hookState(file.text, repo.slug), did, why, hint, block };
}
