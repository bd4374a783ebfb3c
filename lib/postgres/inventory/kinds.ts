// Every kind of thing an inventory lists, each with its query `sql/*.sql` and the rule for a difference. A new kind is a
// query (columns `object` and `state`, both text) and a row here.
import * as rule from "./rules.ts";

/** One kind of object: how it is listed, how it is judged. */
export interface InventoryKind {
  /** As differences name it. */
  readonly kind: string;
  /** Name of the file below `sql`. */
  readonly sql: string;
  /** The oldest server that has its catalog; all that we support (13 to 18) when absent. */
  readonly from?: number;
  /** Its query takes the oids of the roles that the database refers to as $1. */
  readonly ofRoles?: boolean;
  /** What a missing object means, for kinds that list the unusual only. */
  readonly absent?: string;
  /** How a difference is judged; it counts as one when absent. */
  readonly judge?: rule.Judge;
}

/** In the order in which differences are told. */
export const KINDS: readonly InventoryKind[] = [
  { kind: "database", sql: "database", judge: rule.database },
  { kind: "database privilege", sql: "database_privilege" },
  { kind: "schema", sql: "schema" },
  { kind: "relation", sql: "relation" },
  { kind: "index", sql: "index", judge: rule.index },
  { kind: "column", sql: "column", absent: "nothing unusual" },
  { kind: "trigger", sql: "trigger", absent: "fires as usual", judge: rule.trigger },
  { kind: "rule", sql: "rule", absent: "acts as usual" },
  { kind: "policy", sql: "policy" },
  { kind: "function", sql: "function" },
  { kind: "type", sql: "type" },
  { kind: "extension", sql: "extension" },
  { kind: "language", sql: "language" },
  { kind: "foreign data", sql: "foreign_data" },
  { kind: "publication", sql: "publication" },
  { kind: "subscription", sql: "subscription", judge: rule.subscription },
  { kind: "event trigger", sql: "event_trigger" },
  { kind: "statistics", sql: "statistics" },
  { kind: "collation", sql: "collation", judge: rule.collation },
  { kind: "security label", sql: "security_label" },
  { kind: "comments", sql: "comment_count" },
  { kind: "number of", sql: "object_count", judge: rule.objectCount },
  { kind: "tablespace", sql: "tablespace", judge: rule.tablespace },
  { kind: "privileges", sql: "privileges", absent: "the default", judge: rule.privileges },
  { kind: "default privileges", sql: "default_privileges", judge: rule.privileges },
  { kind: "large object", sql: "large_object", absent: "missing, or as most are" },
  { kind: "role", sql: "role", ofRoles: true, judge: rule.role },
  { kind: "membership", sql: "membership", ofRoles: true, judge: rule.membership },
  { kind: "setting", sql: "setting", ofRoles: true, judge: rule.setting },
  { kind: "parameter privilege", sql: "parameter_privilege", from: 15, ofRoles: true, judge: rule.parameterPrivilege },
];
