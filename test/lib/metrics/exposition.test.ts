// The text that scrapers read: whatever a label holds, the lines stay lines.
import { describe, expect, test } from "bun:test";
import { familyText, histogramText } from "../../../lib/metrics/exposition.ts";
import type { Measure } from "../../../lib/metrics/measure.ts";
import { ownMetrics } from "../../../lib/metrics/own_metrics.ts";
import { addProcessMetrics } from "../../../lib/metrics/process_metrics.ts";
import { readExposition, sampleValue } from "../../support/exposition.ts";

const measure = (type: Measure["type"], name = "a_thing"): Measure => ({
  name,
  type,
  labels: ["who"],
  help: "What it says,\nwith a \\ in it",
});
const HOSTILE = ['a"b', "a\\", "line\nbreak", '"} 1\nfake_metric 7', "\ud800", "", "ü{}=,"];

describe("familyText()", () => {
  test("keeps what a label holds inside of it", () => {
    const text = familyText(
      measure("gauge"),
      HOSTILE.map((who, value) => ({ labels: { who }, value })),
    );
    const read = readExposition(text);
    expect([...read.keys()]).toEqual(["a_thing"]);
    expect(read.get("a_thing")?.samples.map(({ labels }) => labels.who)).toEqual(
      HOSTILE.map((each) => each.toWellFormed()),
    );
  });

  test("writes infinite values as the format has them, and a family without samples as its head", () => {
    const infinite = familyText(measure("gauge"), [{ labels: {}, value: Number.POSITIVE_INFINITY }]);
    expect(infinite).toEndWith("\na_thing +Inf\n");
    expect(readExposition(familyText(measure("counter"), [])).get("a_thing")?.type).toBe("counter");
  });
});

describe("histogramText()", () => {
  test("adds the buckets up: each holds the smaller ones too", () => {
    const read = readExposition(
      histogramText(measure("histogram"), [1, 2], [{ labels: { who: "x" }, counts: [3, 0, 4], sum: 99 }]),
    );
    const bucket = (le: string) => sampleValue(read, "a_thing_bucket", { le, who: "x" });
    expect([bucket("1"), bucket("2"), bucket("+Inf")]).toEqual([3, 3, 7]);
    expect([sampleValue(read, "a_thing_sum"), sampleValue(read, "a_thing_count")]).toEqual([99, 7]);
  });
});

describe("ownMetrics()", () => {
  test("counts for itself alone: two in one process know nothing of each other", async () => {
    const [one, other] = [ownMetrics(), ownMetrics()];
    const observe = one.histogram(measure("histogram"), [1]);
    other.histogram(measure("histogram"), [1]);
    for (const who of HOSTILE) observe({ who }, 0.5);
    expect(readExposition(await one.text()).get("a_thing")?.samples.length).toBe(HOSTILE.length * 4);
    expect(
      readExposition(await other.text())
        .get("a_thing")
        ?.samples.filter(({ value }) => value > 0),
    ).toEqual([]);
  });

  test("reads when asked, and a reading that fails leaves the others", async () => {
    const metrics = ownMetrics();
    let value = 1;
    metrics.readWhenAsked(measure("gauge", "good"), () => [{ labels: { who: "me" }, value }]);
    metrics.readWhenAsked(measure("counter", "bad"), () => {
      throw new Error("not now");
    });
    expect(sampleValue(readExposition(await metrics.text()), "good")).toBe(1);
    value = 5;
    const read = readExposition(await metrics.text());
    expect([sampleValue(read, "good"), read.get("bad")?.samples.length]).toEqual([5, 0]);
  });

  test("tells of the process under the usual names", async () => {
    const metrics = ownMetrics();
    const stop = addProcessMetrics(metrics);
    const read = readExposition(await metrics.text());
    stop();
    expect(sampleValue(read, "process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
    expect(sampleValue(read, "process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(sampleValue(read, "process_open_fds")).toBeGreaterThan(3);
    const started = sampleValue(read, "process_start_time_seconds") ?? 0;
    expect(Math.abs(started - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
  });
});
