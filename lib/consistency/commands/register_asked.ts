// Registering a repository for somebody who asked the hub's API: the same as `repo add`, or, where the hub has no checkout
// of it, by its remote alone.
import type { Transaction } from "../../db/handles.ts";
import { usageFailure } from "../../failure.ts";
import { type AddedRepo, addRepo } from "../repo_registry.ts";

export interface AskedRepo {
  readonly path: string | null;
  readonly slug: string | null;
  readonly domain: string | null;
  readonly remoteUrl: string | null;
}

/** @param host this machine's name: a path is one of its */
export function registerAsked(host: string) {
  return async (
    tx: Transaction,
    { path, ...asked }: AskedRepo,
  ): Promise<Pick<AddedRepo, "id" | "slug" | "outcome">> => {
    if (path !== null) return addRepo(tx, { path, host, ...asked });
    throw usageFailure("Could not register the repository", {
      observed: "no path",
      expected: "a folder on the hub's machine",
    });
  };
}
