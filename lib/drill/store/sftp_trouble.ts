// The words for what another host refuses. SFTP itself has one answer for a full disk, a quota and a name that is taken, so
// that the room that is left is looked up and said beside it.
import { shellQuoted } from "../../shell_quoted.ts";
import type { SshHost } from "../../ssh/resolve_host.ts";
import { SftpFault, type SftpFaultKind } from "../../ssh/sftp_fault.ts";
import type { StorePlace } from "./folder_trouble.ts";
import { roomInWords, storeFailure } from "./store_failure.ts";

interface SftpPlace extends StorePlace {
  readonly host: SshHost;
  /** The store's folder over there. */
  readonly folder: string;
  /** Bytes that are left over there, where that can be asked; null where not. */
  readonly room: () => Promise<number | null>;
}

type Words = (fault: SftpFault, room: number | null) => string;

const WORDS: Readonly<Record<SftpFaultKind, Words>> = {
  missing: () => "it is not there",
  denied: () => "no right to it",
  refused: ({ message }, room) =>
    `the host refused it (${message}${room === null ? "" : `; ${roomInWords(room)}`}; a quota, a full disk or a name that is taken)`,
  unsupported: ({ message }) => message,
  lost: () => "the connection was cut",
  stalled: ({ message }) => `the host stalled: ${message}`,
};

/** @throws OpsFailure for what the host refused or left unanswered; all else as it was thrown */
export async function sftpTrouble<T>(couldNot: string, place: SftpPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (fault) {
    if (!(fault instanceof SftpFault)) throw fault;
    const room = fault.kind === "refused" ? await place.room().catch(() => null) : null;
    throw storeFailure(couldNot, {
      target: place.target,
      ...(place.path === undefined ? {} : { path: place.path }),
      observed: WORDS[fault.kind](fault, room),
      hint: lookOverThere(place),
    });
  }
}

/** By sftp: an account that keeps backups ought to have no shell. */
function lookOverThere({ host, folder }: SftpPlace): string {
  const asked = [`ls -la ${shellQuoted(folder)}`, `df -h ${shellQuoted(folder)}`].map(shellQuoted).join(" ");
  return `printf '%s\\n' ${asked} | ${host.command.replace(/^ssh/, "sftp -b -").replace(" -p ", " -P ")}`;
}
