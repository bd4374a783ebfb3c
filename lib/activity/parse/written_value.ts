// The value of a key as other readers of YAML would see it. Our reader keeps every scalar as the text that stands there; a
// name that happens to be a number, or a budget in quotes, would be something else to the next tool.
import type { Entry } from "../../front_matter/mapping.ts";

const BOOLEAN = /^(?:true|True|TRUE|false|False|FALSE)$/;
/** Booleans of YAML 1.1, which is what Kubernetes' own tools read. */
const OLD_BOOLEAN = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
const NUMBER =
  /^[-+]?(?:0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|(?:\.\d[\d_]*|\d[\d_]*(?:\.[\d_]*)?)(?:[eE][-+]?\d+)?|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$/;
/** 12:30 is 750 there. */
const SEXAGESIMAL = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;

/** A boolean or a number where the value, unquoted, is one; else what our reader has. */
export function writtenValue({ value, style }: Pick<Entry, "value" | "style">): unknown {
  if (style !== "plain" || typeof value !== "string") return value;
  if (BOOLEAN.test(value)) return value.toLowerCase() === "true";
  // What is one thing to some readers and another to others is neither text nor a value that anybody may use.
  if (OLD_BOOLEAN.test(value) || SEXAGESIMAL.test(value)) return Number.NaN;
  return NUMBER.test(value) ? Number(value.replaceAll("_", "")) : value;
}
