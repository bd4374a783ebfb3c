// Registering a repository for somebody who asked the hub's API: the same as `repo add`, or, where the hub has no checkout
// of it, by its remote alone.
import type { Transaction } from "../../db/handles.ts";
import { OpsFailure, usageFailure } from "../../failure.ts";
import { registerRemote } from "../register_remote.ts";
import { type AddedRepo, addRepo } from "../repo_registry.ts";
import { usableRemote } from "../usable_remote.ts";

export interface AskedRepo {
  readonly path: string | null;
  readonly slug: string | null;
  readonly domain: string | null;
  readonly remoteUrl: string | null;
}

type Registered = Pick<AddedRepo, "id" | "slug" | "outcome">;

/** @param host this machine's name: a path is one of its. @throws from what it gives: OpsFailure (usage) */
export function registerAsked(host: string): (tx: Transaction, asked: AskedRepo) => Promise<Registered> {
  return async (tx, { path, remoteUrl, ...asked }) => {
    if (remoteUrl !== null) usableRemote(remoteUrl);
    if (path !== null) return added(tx, { path, host, remoteUrl, ...asked });
    if (remoteUrl !== null) return registerRemote(tx, { remoteUrl, host, ...asked });
    throw usageFailure("Could not register the repository", {
      observed: "neither a path nor a remote",
      expected: "a folder on the hub's machine, or a URL",
    });
  };
}

/** That git cannot read what is there is no fault of the hub's: whoever named the path is told. */
async function added(tx: Transaction, request: Parameters<typeof addRepo>[1]): Promise<Registered> {
  try {
    return await addRepo(tx, request);
  } catch (error) {
    // Only a failure about a checkout says where it is.
    if (!(error instanceof OpsFailure) || !error.where?.startsWith("/")) throw error;
    const { message, observed, expected } = error;
    throw usageFailure(message, {
      ...(observed === undefined ? {} : { observed }),
      ...(expected === undefined ? {} : { expected }),
      cause: error,
    });
  }
}
