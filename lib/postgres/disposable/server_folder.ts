// The folder of a disposable server: closed to everybody but the account that runs it, and gone with it.
import { chownSync, mkdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OpsFailure } from "../../failure.ts";
import { folderFailure, type NeededFolder } from "../home.ts";
import type { Layout } from "../layout.ts";
import type { ServerUser } from "../server_user.ts";
import { endProgramsIn } from "./end_programs.ts";

/** Paths without symlinks: a server is recognised by the path that it was started with. */
export type ServerFolder = Omit<Layout, "lockFile">;

const NEEDED: NeededFolder = {
  couldNot: "Could not make a folder for a disposable server",
  another: "--workspace DIR",
};

/** @throws OpsFailure naming what stands in the way; a folder that is there already is never used */
export function makeServerFolder(folder: string, user: ServerUser): ServerFolder {
  try {
    mkdirSync(folder, { mode: 0o700 });
    const home = join(realpathSync(dirname(folder)), basename(folder));
    if (user.switched) chownSync(home, user.uid, user.gid);
    return {
      home,
      dataDirectory: join(home, "data"),
      passwordFile: join(home, "password"),
      versionFile: join(home, "version"),
      binariesDirectory: join(home, "binaries"),
    };
  } catch (cause) {
    throw folderFailure(NEEDED, folder, cause);
  }
}

/** Ends who is at work in it, then removes it. @throws OpsFailure when either can't be done */
export async function removeServerFolder({ home }: ServerFolder): Promise<void> {
  await endProgramsIn({ folder: home });
  try {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  } catch (cause) {
    throw new OpsFailure("Could not remove the folder of a disposable server", {
      where: home,
      hint: `rm -r ${home}`,
      cause,
    });
  }
}
