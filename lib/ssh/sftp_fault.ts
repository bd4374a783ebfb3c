// Why a request about files was not fulfilled, in kinds that callers branch on: a file that is not there is often an answer,
// a host that stalls never is.

/** `refused`: SFTP's "Failure", which servers say for a full disk, a quota, a name that is taken and all else. */
export type SftpFaultKind = "missing" | "denied" | "refused" | "unsupported" | "lost" | "stalled";

/** What the server said, sorted. */
export class SftpFault extends Error {
  readonly kind: SftpFaultKind;
  constructor(kind: SftpFaultKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "SftpFault";
    this.kind = kind;
  }
}

// draft-ietf-secsh-filexfer-02, 7: SSH_FX_NO_SUCH_FILE and so on.
const KIND_OF_CODE: Readonly<Record<number, SftpFaultKind>> = {
  2: "missing",
  3: "denied",
  4: "refused",
  6: "lost",
  7: "lost",
  8: "unsupported",
};

/** @param error what ssh2 called back with, or threw */
export function sftpFault(error: unknown): SftpFault {
  if (error instanceof SftpFault) return error;
  const { code, message = "" } = (error ?? {}) as { code?: number; message?: string };
  // ssh2's words for a channel that closed under a request, and for an extension that the server does not offer.
  if (/No response from server/.test(message)) return new SftpFault("lost", "the connection was cut");
  if (/does not support/.test(message)) return new SftpFault("unsupported", message);
  return new SftpFault(KIND_OF_CODE[code ?? 4] ?? "refused", message || "no reason given");
}
