// The version of what scripts print with --json. A hub that answers with such a document says the same number.

/** Of every JSON document on stdout. */
export const SCHEMA_VERSION = 1;
