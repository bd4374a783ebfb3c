// Differences that are no damage: what is bound to a server, what pg_dump cannot carry, and what belongs to whoever owns
// a given server. Each rule looks at one object that is not the same on both sides.
import type { State } from "./inventory_types.ts";
import type { Circumstances, Judged, Judgement } from "./judged.ts";

/** @returns what a difference means */
export type Judge = (judged: Judged, circumstances: Circumstances) => Judgement;

/** The library of another host sorts otherwise; indexes were built anew there, so nothing is broken. */
export const database: Judge = (judged) =>
  without(judged, ["collation_version"], "The database's collation has another version on the target's host");

/** Its order may be another on the target; the rows are what they are. */
export const collation: Judge = (judged) =>
  without(judged, ["version", "provided"], `Collation ${judged.object} has another version on the target's host`);

/** pg_dump leaves an invalid index out; one that became invalid counts. */
export const index: Judge = ({ object, expected, actual }) =>
  expected?.invalid === true && actual === undefined
    ? { remark: `Index ${object} is invalid in the source, so no backup has it: drop it there, or REINDEX it` }
    : "differs";

/** pg_dump carries no state of the triggers behind a foreign key: they come back switched on. */
export const trigger: Judge = ({ object, expected, actual }) =>
  expected?.internal === true && actual === undefined
    ? { remark: `Trigger ${object} of a foreign key is off in the source; a restore switches it on` }
    : "differs";

/** A restored subscription must not begin to fetch: pg_dump makes it disabled. */
export const subscription: Judge = (judged) =>
  judged.expected?.enabled === true && judged.actual?.enabled === false
    ? without(judged, ["enabled"], `Subscription ${judged.object} is restored disabled`)
    : "differs";

/** Another major version has other kinds of constraints and rules, such as NOT NULL from 18 on. */
export const objectCount: Judge = (_, { majors }) =>
  majors.expected === majors.actual
    ? "differs"
    : { remark: "Numbers of objects: the servers are of two major versions" };

/** pg_restore leaves them out. */
export const tablespace: Judge = ({ object }) => ({
  remark: `Tablespace ${object} is bound to its server; what was in it is restored into the default one`,
});

/** MAINTAIN came with 17: "all privileges" of an older server holds it after a restore into a newer one. */
export const privileges: Judge = (judged, { majors }) => {
  if (majors.expected >= 17 === majors.actual >= 17) return "differs";
  const plain = (state: State | undefined): State | undefined =>
    state && { ...state, privileges: linesOf(state).map((line) => line.replace(/, MAINTAIN\*?|MAINTAIN\*?, /, "")) };
  return { compare: { ...judged, expected: plain(judged.expected), actual: plain(judged.actual) } };
};

/** Whoever runs a given server decides what its roles may do: missing ones were made without LOGIN and without power. */
export const role: Judge = (judged, { cluster, existingRoles, bootstrap }) => {
  const { object } = judged;
  if (cluster === "ours") {
    return object === bootstrap ? without(judged, OF_ITS_SERVER, `Role ${object} is as initdb makes it`) : "differs";
  }
  if (existingRoles.has(object)) return theirs(judged, `Role ${object} was there before`);
  return without(
    judged,
    POWERS,
    `Role ${object} was made without what only an operator may grant (${POWERS.join(", ")})`,
  );
};

const POWERS = ["superuser", "login", "replication", "bypass_row_security"];
const OF_ITS_SERVER = [...POWERS, "no_inherit", "create_role", "create_database", "connection_limit", "valid_until"];

/** INHERIT and SET options came with 16. */
export const membership: Judge = (judged, { majors, cluster, existingRoles }) => {
  const { member, role: group } = judged.expected ?? judged.actual ?? {};
  if (cluster === "given" && existingRoles.has(String(member)) && existingRoles.has(String(group))) {
    return theirs(judged, `Membership ${judged.object}: both roles were there before`);
  }
  return majors.expected >= 16 === majors.actual >= 16 ? "differs" : without(judged, ["inherit", "set"]);
};

/** What holds in all databases of a given server is its operator's. */
export const setting: Judge = (judged, { cluster, existingRoles }) => {
  const { role: name, in_database } = judged.expected ?? judged.actual ?? {};
  const isTheirs = in_database !== true && (name === undefined || existingRoles.has(String(name)));
  return cluster === "given" && isTheirs ? theirs(judged, `Setting ${judged.object}`) : "differs";
};

/** They hold in the whole server. */
export const parameterPrivilege: Judge = (judged, { cluster }) =>
  cluster === "given" ? theirs(judged, `Privilege ${judged.object}`) : "differs";

/** Of what the source does not have there is nothing to compare. */
function theirs(judged: Judged, notCompared: string): Judgement {
  return judged.expected === undefined ? { compare: { ...judged, actual: undefined } } : { notCompared };
}

function without(judged: Judged, fields: readonly string[], remark?: string): Judgement {
  const plain = (state: State | undefined) =>
    state && Object.fromEntries(Object.entries(state).filter(([field]) => !fields.includes(field)));
  const differs = fields.some((field) => judged.expected?.[field] !== judged.actual?.[field]);
  const compare = { ...judged, expected: plain(judged.expected), actual: plain(judged.actual) };
  return { compare, ...(differs && remark !== undefined ? { remark } : {}) };
}

function linesOf(state: State): string[] {
  return Array.isArray(state.privileges) ? state.privileges.map(String) : [];
}
