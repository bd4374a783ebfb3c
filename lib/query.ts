// How a statement is sent by code that need not know who connected, or to which of two servers. (types)

export type QueryParameter = string | number | boolean | null;

/**
 * Sends one statement on one session and gives its rows. Parameters are `$1`, `$2`; casts are spelled in the statement.
 * A bigint or numeric arrives as text; an array does not arrive as one: ask for `to_json(...)` or `array_to_json(...)`.
 */
export type Query = <Row extends object = Record<string, unknown>>(
  text: string,
  parameters?: readonly QueryParameter[],
) => Promise<Row[]>;

/** Several sessions with the same view of one database. */
export interface QuerySessions {
  readonly size: number;
  /** Waits for a free session; at most `size` at once. */
  run<T>(work: (query: Query) => Promise<T>): Promise<T>;
}
