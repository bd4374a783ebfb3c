// Where a long piece of work stands, for whoever watches. One shape, from the program or statement that works up to the terminal. (types)

export interface WorkStep {
  /** The table, object or file that is being worked on. */
  readonly at?: string;
  readonly bytes?: number;
  /** Of so many in all. */
  readonly of?: number;
}

/** Called often; it must not wait. */
export type OnStep = (step: WorkStep) => void;
