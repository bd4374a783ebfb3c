// Opens a store by what it is called. Which kinds there are stands in one table.
import { openFolderStore } from "./folder_store.ts";
import { openSftpStore } from "./sftp_store.ts";
import type { Store, StoreOptions } from "./store.ts";
import { type StoreTarget, storeTarget } from "./store_target.ts";

const OPENERS: {
  readonly [K in StoreTarget["kind"]]: (target: StoreTarget & { kind: K }, o: StoreOptions) => Promise<Store>;
} = {
  folder: openFolderStore,
  sftp: openSftpStore,
};

/**
 * The folder is made, of mode 700, when its parent is there. To be closed.
 * @throws OpsFailure (usage) for what names no store; OpsFailure (automation) when it can't be reached or is no folder
 */
export function openStore(target: string, options: StoreOptions): Promise<Store> {
  const named = storeTarget(target);
  return (OPENERS[named.kind] as (target: StoreTarget, o: StoreOptions) => Promise<Store>)(named, options);
}
