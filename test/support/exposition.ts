// A strict reader of Prometheus' text format (version 0.0.4): whatever the format's description does not allow is an error,
// since a scraper that stumbles over one line drops them all.

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ReadSample[];
}

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/;

/** @throws Error with the line that is wrong */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line is not ended");
  const families = new Map<string, { type: string; help: string; samples: ReadSample[] }>();
  const seen = new Set<string>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === "HELP") {
      if (families.has(name) || !NAME.test(name)) throw new Error(`a second family, or no name: ${line}`);
      families.set(name, { type: "untyped", help: rest, samples: [] });
      current = name;
    } else if (word === "TYPE") {
      const family = families.get(name);
      if (family === undefined || name !== current || !/^(counter|gauge|histogram)$/.test(rest)) throw new Error(line);
      family.type = rest;
    } else {
      const sample = sampleOf(line);
      const family = families.get(current);
      if (family === undefined || !belongs(sample.name, current, family.type)) throw new Error(`no family: ${line}`);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      family.samples.push(sample);
    }
  }
  for (const [name, family] of families) checkHistogram(name, family);
  return families;
}

/** The value of the one sample with these labels; undefined where there is none. */
export function sampleValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ""));
  const found = family?.samples.filter(
    (each) => each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value),
  );
  if (found !== undefined && found.length > 1) throw new Error(`${name} has several samples with those labels`);
  return found?.[0]?.value;
}

function sampleOf(line: string): ReadSample {
  const [, name = "", labels = "", value = ""] = LINE.exec(line) ?? [];
  if (name === "") throw new Error(`no sample: ${line}`);
  const number =
    value === "+Inf" ? Number.POSITIVE_INFINITY : value === "-Inf" ? Number.NEGATIVE_INFINITY : Number(value);
  if (Number.isNaN(number) && value !== "NaN") throw new Error(`no number: ${line}`);
  const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label = "", text = ""]) => [
    label,
    text.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped)),
  ]);
  return { name, labels: Object.fromEntries(pairs), value: number };
}

function belongs(name: string, family: string, type: string): boolean {
  return type === "histogram" ? new RegExp(`^${family}_(bucket|sum|count)$`).test(name) : name === family;
}

/** Buckets rise, and the last one, +Inf, is the count. */
function checkHistogram(name: string, { type, samples }: Family): void {
  if (type !== "histogram") return;
  const of = ({ labels: { le: _, ...labels } }: ReadSample) => JSON.stringify(Object.entries(labels).sort());
  for (const [key, own] of Map.groupBy(samples, of)) {
    const buckets = own.filter((each) => each.name === `${name}_bucket`).map(({ value }) => value);
    const count = own.find((each) => each.name === `${name}_count`)?.value;
    const sum = own.find((each) => each.name === `${name}_sum`)?.value;
    const rises = buckets.every((value, index) => index === 0 || value >= (buckets[index - 1] ?? 0));
    if (!rises || buckets.at(-1) !== count || sum === undefined) throw new Error(`no histogram: ${name} ${key}`);
  }
}
