// The two ways in which kubectl changes an object, as the API server does them: RFC 6902 (a test that does not hold changes
// nothing) and RFC 7396.

export interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

export class PatchRefused extends Error {}

export function applyJsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  const root = { "": structuredClone(document) };
  for (const { op, path, value } of operations) {
    const keys = path.split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = keys.pop() ?? "";
    const parent = keys.reduce<unknown>((at, key) => child(at, key), path === "" ? root : root);
    perform(path === "" ? root : parent, path === "" ? "" : last, op, value);
  }
  return root[""];
}

function child(at: unknown, key: string): unknown {
  const value = (at as Record<string, unknown> | undefined)?.[key];
  if (typeof value !== "object" || value === null) throw new PatchRefused(`no ${key}`);
  return value;
}

function perform(parent: unknown, key: string, op: string, value: unknown): void {
  const holder = parent as Record<string, unknown>;
  if (op !== "add" && !(key in holder)) throw new PatchRefused(`no ${key}`);
  if (op === "test" && !Bun.deepEquals(holder[key], value)) throw new PatchRefused(`${key} is ${holder[key]}`);
  if (op === "remove") delete holder[key];
  if (op === "add" || op === "replace") holder[key] = value;
}

export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const into = typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  const result = into as Record<string, unknown>;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}
