// Roles belong to a whole server and are in no dump of one database: a copy whose owners are missing would stop at its first object.
import { databaseFailure } from "../../db/database_failure.ts";
import { globalsStatements, operatorsShare } from "../../postgres/globals/globals_statements.ts";
import type { Outset } from "../source/facts.ts";
import type { CopyTarget } from "./copy_target.ts";
import { markStatement } from "./restore_mark.ts";

interface Readied {
  /** Roles that the server had before. */
  readonly existingRoles: readonly string[];
  /** To be called when all is restored: settings that would have stood in the way; the mark gives way to the source's comment. */
  readonly finish: () => Promise<void>;
  /** On a given server: what its operator has to add by hand, one statement a role. */
  readonly operatorsShare: readonly string[];
}

/** @throws OpsFailure (automation) when the role may not make what is missing */
export async function makeReady(target: CopyTarget, { inventory }: Pick<Outset, "inventory">): Promise<Readied> {
  const roles = await target.query<{ rolname: string }>("select rolname from pg_catalog.pg_roles order by 1");
  const existingRoles = roles.map(({ rolname }) => rolname);
  const cluster = target.kind === "disposable" ? "ours" : "given";
  const { database, major: targetMajor } = target.server;
  const options = { existingRoles, cluster, database, targetMajor } as const;
  const mark = cluster === "given" ? [markStatement(database, new Date())] : [];
  await runAll(target, [...mark, ...globalsStatements(inventory, { ...options, when: "before-restore" })]);
  return {
    existingRoles,
    finish: () => runAll(target, globalsStatements(inventory, { ...options, when: "after-restore" })),
    operatorsShare: cluster === "ours" ? [] : operatorsShare(inventory, options),
  };
}

async function runAll({ query, url }: CopyTarget, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    try {
      await query(statement);
    } catch (error) {
      throw databaseFailure(`Could not make the copy's server ready (${printable(statement)})`, error, url);
    }
  }
}

/** Without the value of a setting, which may be a secret. */
function printable(statement: string): string {
  return (statement.split("\n")[0] ?? "").replace(/ (SET \S+) .*$/, " $1 ...");
}
