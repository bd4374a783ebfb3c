// The folders that people apply, as the rules look at them.
import { join } from "node:path";
import { refusalOfCommands } from "./commands.ts";
import { readFolder } from "./read_folder.ts";
import type { World } from "./rule.ts";

const K8S = join(import.meta.dir, "../../../k8s");
export const FOLDERS = ["apps", "apps-after-switch", "platform"] as const;
export type Folder = (typeof FOLDERS)[number];

export const pathOf = (folder: Folder): string => join(K8S, folder);

const AWAKE: Readonly<Record<Folder, readonly string[]>> = {
  apps: [],
  "apps-after-switch": ["state-hub-consistency-sweep"],
  platform: [],
};

/** A copy for each call, which a test may break. */
export async function worldOf(folder: Folder): Promise<World> {
  const beside = folder === "platform" ? "apps" : "platform";
  return {
    manifests: readFolder(pathOf(folder)),
    neighbours: readFolder(pathOf(beside)),
    namespace: folder === "platform" ? "databases" : "state-hub",
    awake: AWAKE[folder],
    refusal: await refusalOfCommands(),
  };
}
