// What a database has, in names and plain values, as its own catalogs tell it: the second look beside pg_dump's text, so
// that what pg_dump leaves out on both sides is still seen. (types)

/** What is usual is left out; so an absent field means the usual. Lists are sorted where their order means nothing. */
export type State = Readonly<Record<string, unknown>>;

/** By object's name as SQL spells it; sorted by code point. */
export type Listed = Readonly<Record<string, State>>;

/** JSON-able; holds no password, verifier, connection string or value of a foreign server's option. */
export interface Inventory {
  /** "15.18 (Debian ...)" */
  readonly version: string;
  readonly major: number;
  readonly database: string;
  /** The role that initdb made. */
  readonly bootstrap: string;
  /** By kind, the `kind` of KINDS. */
  readonly kinds: Readonly<Record<string, Listed>>;
}

/** The objects of one kind; none when that server version has no such kind. */
export function listed(inventory: Inventory, kind: string): Listed {
  return inventory.kinds[kind] ?? {};
}
