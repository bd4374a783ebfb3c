// The database's own owner, privileges, limit and comment: pg_dump of one database leaves them out unless it may create it.
import type { Listed, State } from "../inventory/inventory_types.ts";
import { quoteName, quoteText } from "./quote.ts";

interface Privilege {
  readonly privilege: string;
  /** Absent for PUBLIC. */
  readonly grantee?: string;
  readonly grantor: string;
  readonly with_grant_option?: boolean;
}

/** @returns owner and privileges of the database itself, which no dump of it holds */
export function databaseStatements(database: string, state: State, privileges: Listed): string[] {
  const [name, owner] = [quoteName(database), quoteName(String(state.owner))];
  return [
    `ALTER DATABASE ${name} OWNER TO ${owner}`,
    `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
    `REVOKE ALL ON DATABASE ${name} FROM ${owner}`,
    ...grants(name, String(state.owner), Object.values(privileges) as unknown as Privilege[]),
  ];
}

/** The last of all: until then the comment may say that the database is not whole. */
export function databaseComment(database: string, { comment }: State): string {
  const text = typeof comment === "string" ? quoteText(comment) : "NULL";
  return `COMMENT ON DATABASE ${quoteName(database)} IS ${text}`;
}

/** The owner's come first; then those by whom was allowed to pass them on, each after the grant that allowed it. */
function grants(database: string, owner: string, privileges: readonly Privilege[]): string[] {
  const statements: string[] = [];
  const allowed = new Set<string>();
  let rest = [...privileges];
  while (rest.length > 0) {
    const ready = rest.filter(({ grantor, privilege }) => grantor === owner || allowed.has(`${privilege} ${grantor}`));
    // A chain without a beginning cannot be; should it be, it is granted in any order rather than not at all.
    const round = ready.length > 0 ? ready : rest;
    for (const each of round) {
      statements.push(...grant(database, owner, each));
      if (each.with_grant_option) allowed.add(`${each.privilege} ${each.grantee}`);
    }
    rest = rest.filter((each) => !round.includes(each));
  }
  return statements;
}

function grant(database: string, owner: string, { privilege, grantee, grantor, with_grant_option }: Privilege) {
  const to = grantee === undefined ? "PUBLIC" : quoteName(grantee);
  const statement = `GRANT ${privilege} ON DATABASE ${database} TO ${to}${with_grant_option ? " WITH GRANT OPTION" : ""}`;
  if (grantor === owner) return [statement];
  return [`SET SESSION AUTHORIZATION ${quoteName(grantor)}`, statement, "RESET SESSION AUTHORIZATION"];
}
