// What this process counts itself, behind functions: who measures needs to know no metrics library. Each set has a registry
// of its own, so that two services in one process (a test) do not count into each other.
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Measure, Sample } from "./measure.ts";

export interface OwnMetrics {
  /** @returns adds one observation; @param bounds upper bounds of the buckets, ascending */
  histogram(measure: Measure, bounds: readonly number[]): (labels: Sample["labels"], value: number) => void;
  /** Read when somebody asks. What it throws leaves the family without samples. */
  readWhenAsked(measure: Measure, read: () => readonly Sample[]): void;
  /** In Prometheus' text format, version 0.0.4; the last line is ended. */
  text(): Promise<string>;
}

/** Of the text that the functions of this folder write. */
export const METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function ownMetrics(): OwnMetrics {
  const registry = new Registry();
  const configured = ({ name, help, labels }: Measure) => ({ name, help, labelNames: labels, registers: [registry] });
  return {
    histogram: (measure, bounds) => {
      const histogram = new Histogram({ ...configured(measure), buckets: [...bounds] });
      return (labels, value) => histogram.observe({ ...labels }, value);
    },
    readWhenAsked: (measure, read) => {
      const made = measure.type === "counter" ? Counter : Gauge;
      new made({
        ...configured(measure),
        collect() {
          this.reset();
          for (const { labels, value } of samplesOf(read)) this.inc({ ...labels }, value);
        },
      });
    },
    text: async () => `${(await registry.metrics()).trimEnd()}\n`,
  };
}

function samplesOf(read: () => readonly Sample[]): readonly Sample[] {
  try {
    return read();
  } catch {
    // One reading that fails must not take the others along.
    return [];
  }
}
