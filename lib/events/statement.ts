// How this door asks the database: the tagged template that it is handed. It does not know who connects.

/** Values become parameters, never text; the statement is sent when it is awaited. */
export type Statement = (
  text: TemplateStringsArray,
  ...values: readonly (string | number | boolean | null)[]
) => PromiseLike<readonly unknown[]>;
