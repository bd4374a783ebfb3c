// A dump's folder as an archive to restore from: what a drill without a store keeps for as long as it runs.
import type { ClientPrograms } from "../../postgres/client/client_programs.ts";
import { restoreFolder, restoreFolderDefinitions } from "../../postgres/client/restore.ts";
import type { Archive } from "./archive.ts";
import { archivedSequences } from "./archived_sequences.ts";

interface FolderArchive {
  readonly folder: string;
  readonly programs: ClientPrograms;
  readonly env: Record<string, string>;
  readonly jobs: number;
  /** For the lists that pg_restore is given. */
  readonly workspace: string;
}

/** @returns the archive; nothing is read yet */
export function folderArchive({ folder, programs, env, jobs, workspace }: FolderArchive): Archive {
  return {
    major: programs.major,
    restore: (target, onProgress) => restoreFolder({ ...target, onProgress }, { folder, jobs }),
    restoreDefinitions: (target) => restoreFolderDefinitions(target, folder),
    sequences: (signal) => archivedSequences({ archives: [{ file: folder }], programs, env, workspace, signal }),
  };
}
