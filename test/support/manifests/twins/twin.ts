// The pieces that broken manifests are made of.
import type { Folder } from "../folders.ts";
import { type Manifest, nameOf } from "../manifest.ts";

// biome-ignore lint/suspicious/noExplicitAny: it is broken on purpose, at any depth
export type Loose = any;

/** The real manifests, broken in one place. */
export interface Twin {
  readonly rule: string;
  readonly folder: Folder;
  /** The object that the breach is named with. */
  readonly at: string;
  readonly how: string;
  readonly spoil: (object: Loose, all: Loose[]) => void;
}

export const SWEEP = "CronJob/state-hub-consistency-sweep";
export const CLEANUP = "CronJob/state-hub-stale-task-cleanup";
export const BACKUP = "CronJob/state-hub-backup";
export const DRILL = "CronJob/state-hub-backup-drill";
export const HUB = "Deployment/state-hub";
export const DATABASE = "Cluster/state-hub-db";

export const podOf = (object: Loose): Loose => (object.spec.jobTemplate?.spec ?? object.spec).template.spec;
export const firstOf = (object: Loose): Loose => podOf(object).containers[0];

export function twin(rule: string, at: string, how: string, spoil: Twin["spoil"], folder: Folder = "apps"): Twin {
  return { rule, folder, at, how, spoil };
}

export function inPlatform(rule: string, at: string, how: string, spoil: Twin["spoil"]): Twin {
  return twin(rule, at, how, spoil, "platform");
}

/** The manifests with one of them spoiled; the others stay as they are. */
export function spoiled(manifests: readonly Manifest[], { at, spoil }: Pick<Twin, "at" | "spoil">): Manifest[] {
  const all = structuredClone(manifests) as Loose[];
  // A twin that renames or adds an object is named by what it makes; it is made of the sweep's CronJob.
  spoil(all.find((each) => nameOf(each) === at) ?? all.find((each) => nameOf(each) === SWEEP), all);
  return all;
}
