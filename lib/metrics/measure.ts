// What one metric is: its name, its kind and what it says, once, so that code, HELP lines and documentation cannot differ.

export interface Measure {
  /** Prometheus' own rules for names: prometheus.io/docs/practices/naming. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  /** One sentence without a full stop; its unit where it has one. */
  readonly help: string;
}

export interface Sample {
  /** A value for each label of the measure. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A histogram that somebody else counted. */
export interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  /** How many fell into each bucket and no smaller one; the last is what lies beyond all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}
