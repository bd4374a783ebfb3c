// Writes values that were counted elsewhere, such as in a database, in Prometheus' text format (version 0.0.4). A metric
// object of this process would count for itself; two processes would then tell different things of the same rows.
import type { Distribution, Measure, Sample } from "./measure.ts";

/** @returns the family's lines, the last one ended; HELP and TYPE alone where there is no sample */
export function familyText(measure: Measure, samples: readonly Sample[]): string {
  return [...head(measure), ...samples.map(({ labels, value }) => line(measure.name, labels, value)), ""].join("\n");
}

/** @param bounds upper bounds of the buckets, ascending, without +Inf */
export function histogramText(
  measure: Measure,
  bounds: readonly number[],
  distributions: readonly Distribution[],
): string {
  const lines = distributions.flatMap(({ labels, counts, sum }) => {
    let total = 0;
    const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
      total += counts[index] ?? 0;
      return line(`${measure.name}_bucket`, { ...labels, le: numberText(bound) }, total);
    });
    return [...buckets, line(`${measure.name}_sum`, labels, sum), line(`${measure.name}_count`, labels, total)];
  });
  return [...head(measure), ...lines, ""].join("\n");
}

function head({ name, type, help }: Measure): string[] {
  const escaped = help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
  return [`# HELP ${name} ${escaped}`, `# TYPE ${name} ${type}`];
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${labelText(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}`;
}

function labelText(text: string): string {
  return text.toWellFormed().replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
