// Two inventories side by side: what differs, what could not be compared and what an operator should know. A restored
// database is only as good as its privileges, owners and settings.
import { canonical } from "../../canonical.ts";
import { describeSides } from "./describe_sides.ts";
import { type Inventory, type Listed, listed } from "./inventory_types.ts";
import type { Circumstances, Judged } from "./judged.ts";
import { type InventoryKind, KINDS } from "./kinds.ts";

/** `may_pass`: a copy is whole without it. */
export interface ComparedInventories {
  readonly differences: { kind: string; object: string; expected: string; actual: string }[];
  readonly notCompared: { what: string; reason: string; may_pass: boolean }[];
  readonly remarks: string[];
}

/** Whose server the copy is on. */
export interface CompareOptions {
  /** `ours`: a server made for this, with roles by globalsStatements; `given`: somebody's, whose roles stay as they are. */
  readonly cluster: "ours" | "given";
  /** Roles that a given server had before globalsStatements; none unless given. */
  readonly existingRoles?: readonly string[];
}

/** Names are compared, not oids; the names of the two databases are not. */
export function compareInventories(
  expected: Inventory,
  actual: Inventory,
  options: CompareOptions,
): ComparedInventories {
  const circumstances: Circumstances = {
    cluster: options.cluster,
    existingRoles: new Set(options.existingRoles),
    bootstrap: expected.bootstrap,
    majors: { expected: expected.major, actual: actual.major },
  };
  const found: ComparedInventories = { differences: [], notCompared: [], remarks: [] };
  for (const kind of KINDS) {
    const sides = [expected, actual].filter(({ kinds }) => kind.kind in kinds).length;
    if (sides === 1) found.notCompared.push(...kindNotCompared(kind, circumstances));
    if (sides < 2) continue;
    for (const judged of unequal(listed(expected, kind.kind), listed(actual, kind.kind))) {
      judge(kind, judged, circumstances, found);
    }
  }
  found.notCompared.push(...rowsNotCompared(expected));
  found.remarks.push(...remarksOfBoth(expected, actual));
  return { ...found, remarks: [...new Set(found.remarks)] };
}

/** An older server has no such kind; where both have it, another toolkit's inventory left it out. */
function kindNotCompared({ kind, from = 0 }: InventoryKind, { majors }: Circumstances) {
  if (Math.min(majors.expected, majors.actual) < from) return [];
  const reason = "Another version of this toolkit took the inventory, and did not list it";
  return [{ what: `every ${kind}`, reason, may_pass: false }];
}

function unequal(expected: Listed, actual: Listed): Judged[] {
  const objects = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  return objects
    .map((object) => ({ object, expected: own(expected, object), actual: own(actual, object) }))
    .filter((each) => canonical(each.expected ?? null) !== canonical(each.actual ?? null));
}

/** A table may be called "constructor". */
function own(side: Listed, object: string) {
  return Object.hasOwn(side, object) ? side[object] : undefined;
}

function judge(kind: InventoryKind, judged: Judged, circumstances: Circumstances, found: ComparedInventories): void {
  const judgement = kind.judge?.(judged, circumstances) ?? "differs";
  if (judgement === "differs") {
    found.differences.push(differenceOf(kind, judged));
  } else if ("notCompared" in judgement) {
    const reason = "It belongs to the server that was given";
    found.notCompared.push({ what: judgement.notCompared, reason, may_pass: true });
  } else {
    if (judgement.remark !== undefined) found.remarks.push(judgement.remark);
    if (!("compare" in judgement)) return;
    const { expected, actual } = judgement.compare;
    if (canonical(expected ?? null) !== canonical(actual ?? null)) {
      found.differences.push(differenceOf(kind, judgement.compare));
    }
  }
}

function differenceOf(kind: InventoryKind, { object, expected, actual }: Judged) {
  const named = (expected ?? actual)?.kind;
  const isRelation = kind.kind === "relation" && typeof named === "string";
  return { kind: isRelation ? named : kind.kind, object, ...describeSides(expected, actual, kind.absent ?? "missing") };
}

const REASONS: Readonly<Record<string, string>> = {
  "materialized view":
    "Its rows are made anew by REFRESH, so they need not be those of the source; definition and populated flag are compared",
  "foreign table": "Its rows are on another server; its definition is compared",
};

function rowsNotCompared(expected: Inventory) {
  return Object.entries(listed(expected, "relation")).flatMap(([object, { kind }]) => {
    const reason = REASONS[String(kind)];
    return reason === undefined ? [] : [{ what: `${kind} ${object}`, reason, may_pass: true }];
  });
}

function remarksOfBoth(expected: Inventory, actual: Inventory): string[] {
  const memberships = Object.keys(listed(expected, "membership")).length > 0;
  const grantors = memberships && Math.max(expected.major, actual.major) >= 16;
  return [
    ...(expected.major === actual.major
      ? []
      : [`The servers are of two major versions, ${expected.major} and ${actual.major}`]),
    ...(grantors ? ["Who granted a membership is not compared"] : []),
  ];
}
