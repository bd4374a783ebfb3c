// How much one file may ask of us. A sweep reads what anybody may push to any repository: without these numbers one file
// could hold it up for minutes. Sizes are bytes of UTF-8 unless they say otherwise.

export const MAX_FILE_BYTES = 1024 * 1024;
export const MAX_FRONT_MATTER_BYTES = 64 * 1024;
export const MAX_BLOCK_BYTES = 16 * 1024;
/** Keys of one mapping, nested ones included; real workplans have about a dozen. */
export const MAX_KEYS = 500;
/** Mappings and lists inside one another, and `> > >` or `- - -` of the body. */
export const MAX_DEPTH = 16;
/** Task blocks of one file; the largest plan that we know has forty. */
export const MAX_TASK_BLOCKS = 1000;
/** Problems reported of one file; beyond that the first ones tell the story. */
export const MAX_PROBLEMS = 200;
/** UTF-16 units of the file's text that a problem may show. */
export const MAX_OBSERVED = 80;
/** Line ends and indicators per file that the full YAML parser may be given; 2 to 8 microseconds each. */
export const MAX_YAML_MARKS = 4_000;
/** Lines, and list or quote marks before them, of a file that only the full Markdown reader decides; about 1 microsecond each. */
export const MAX_BODY_WEIGHT = 40_000;
