// Where a copy is restored: a server made for it and thrown away, or a database that somebody named. (types)
import type { Query } from "../../query.ts";
import type { Secret } from "../../secret.ts";
import type { ServerIdentity } from "../source/live_source.ts";

/** A database beside the copy, for reading the source's definitions back. */
export interface Scratch {
  readonly url: Secret;
}

/** The database that a copy is restored into, open until it is closed. */
export interface CopyTarget {
  readonly kind: "disposable" | "given";
  readonly url: Secret;
  /** Before anything was restored. */
  readonly server: ServerIdentity;
  /** One session in the copy's database. */
  readonly query: Query;
  /** A new one each time, empty, on a server of the source's version that has its roles. */
  scratch(): Promise<Scratch>;
  close(): Promise<void>;
}
