// What a run needs to work with remotes instead of checkouts: how to get there, where mirrors are kept, what it may do.
import type { RemoteAccess } from "../../git/remote/remote_access.ts";

export interface Reach {
  readonly access: RemoteAccess;
  /** The OpenSSH configuration that git was given for these remotes; null where the account's own is used. */
  readonly sshConfig: string | null;
  /** Where the mirrors are. */
  readonly home: string;
  /** Corrections may be committed and pushed, checkouts fast-forwarded. */
  readonly writeBack: boolean;
  /** Remotes asked at once, in all and on one host. */
  readonly atOnce: number;
  readonly perHost: number;
  /** A person asked for this run: nothing waits for the end of a back-off. */
  readonly manual: boolean;
}
