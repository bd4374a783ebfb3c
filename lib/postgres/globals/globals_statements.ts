// What a restored database needs and no dump of it holds: roles, memberships, settings, and the database's own owner and
// privileges. From the inventory, so that no right to read pg_authid is needed and no verifier is ever seen.
import { type Inventory, listed, type State } from "../inventory/inventory_types.ts";
import { databaseComment, databaseStatements } from "./database_statements.ts";
import { membershipStatement, membershipsInOrder } from "./membership_statements.ts";
import { quoteName, quoteText } from "./quote.ts";
import { powersOf, roleStatements } from "./role_statements.ts";
import { hindersRestore, type Setting, settingStatement } from "./setting_statement.ts";

interface GlobalsOptions {
  /** Roles that the target's server has; they are not made again. */
  readonly existingRoles: readonly string[];
  /** `ours`: a server made for this; `given`: somebody's: missing roles are made without LOGIN and without power. */
  readonly cluster: "ours" | "given";
  /** The copy's name, which need not be the source's. */
  readonly database: string;
  /** The target's, where it is not the source's. */
  readonly targetMajor?: number;
  /**
   * `after-restore`: the settings and the limit that would stand in a restore's way (default_transaction_read_only,
   * statement_timeout ...), and the database's comment; `before-restore`: all else. Both, in this order, when absent.
   */
  readonly when?: "before-restore" | "after-restore";
}

/** To be run one by one, in order, on one session of the database's server, by a superuser in a cluster of `ours`. */
export function globalsStatements(inventory: Inventory, options: GlobalsOptions): string[] {
  const settings = settingsToMake(inventory, options);
  const statementOf = (setting: Setting) => settingStatement(setting, options.database);
  const before = () => [
    ...rolesToMake(inventory, options),
    ...bootstrapComment(inventory, options),
    ...membershipsToMake(inventory, options),
    ...parameterGrants(inventory, options),
    ...databaseStatements(options.database, databaseOf(inventory), listed(inventory, "database privilege")),
    ...settings.filter((each) => !hindersRestore(each)).map(statementOf),
  ];
  const after = () => [
    ...settings.filter(hindersRestore).map(statementOf),
    ...databaseLimits(inventory, options),
    databaseComment(options.database, databaseOf(inventory)),
  ];
  return [...(options.when === "after-restore" ? [] : before()), ...(options.when === "before-restore" ? [] : after())];
}

/** What an operator of a given server has to add by hand: one statement a role; passwords come on top. */
export function operatorsShare(inventory: Inventory, options: Pick<GlobalsOptions, "existingRoles">): string[] {
  return missingRoles(inventory, options).flatMap(([name, role]) => {
    const powers = powersOf(role);
    return powers.length === 0 ? [] : [`ALTER ROLE ${quoteName(name)} ${powers.join(" ")}`];
  });
}

function missingRoles(
  inventory: Inventory,
  { existingRoles }: Pick<GlobalsOptions, "existingRoles">,
): [string, State][] {
  return Object.entries(listed(inventory, "role")).filter(([name]) => !existingRoles.includes(name));
}

function rolesToMake(inventory: Inventory, options: GlobalsOptions): string[] {
  return missingRoles(inventory, options).flatMap(([name, role]) =>
    roleStatements(name, role, options.cluster === "ours"),
  );
}

/** The one role that a server of ours has already. */
function bootstrapComment(inventory: Inventory, { cluster, existingRoles }: GlobalsOptions): string[] {
  const name = inventory.bootstrap;
  const comment = listed(inventory, "role")[name]?.comment;
  const isOurs = cluster === "ours" && existingRoles.includes(name);
  return isOurs && typeof comment === "string" ? [`COMMENT ON ROLE ${quoteName(name)} IS ${quoteText(comment)}`] : [];
}

/** Between two roles that were there before, a given server stays as it is. */
function membershipsToMake(inventory: Inventory, options: GlobalsOptions): string[] {
  const existing = new Set(options.cluster === "given" ? options.existingRoles : []);
  return membershipsInOrder(listed(inventory, "membership"))
    .filter(({ member, role }) => !(existing.has(member) && existing.has(role)))
    .map((each) => membershipStatement(each, options.targetMajor ?? inventory.major));
}

function settingsToMake(inventory: Inventory, { cluster, existingRoles }: GlobalsOptions): Setting[] {
  const settings = Object.values(listed(inventory, "setting")) as unknown as Setting[];
  // What holds in all databases of a given server is its operator's.
  const isTheirs = ({ role, in_database }: Setting) =>
    in_database !== true && (role === undefined || existingRoles.includes(role));
  return cluster === "ours" ? settings : settings.filter((each) => !isTheirs(each));
}

function parameterGrants(inventory: Inventory, { cluster }: GlobalsOptions): string[] {
  if (cluster === "given") return [];
  return Object.values(listed(inventory, "parameter privilege")).map(
    ({ privilege, parameter, grantee, with_grant_option }) =>
      `GRANT ${privilege} ON PARAMETER ${quoteName(String(parameter))} TO ${quoteName(String(grantee))}` +
      (with_grant_option === true ? " WITH GRANT OPTION" : ""),
  );
}

function databaseLimits(inventory: Inventory, { database }: GlobalsOptions): string[] {
  const { connection_limit: limit, template } = databaseOf(inventory);
  const alter = `ALTER DATABASE ${quoteName(database)}`;
  return [
    ...(limit === undefined ? [] : [`${alter} CONNECTION LIMIT ${Number(limit)}`]),
    ...(template === true ? [`${alter} IS_TEMPLATE true`] : []),
  ];
}

function databaseOf(inventory: Inventory): State {
  return listed(inventory, "database").database ?? {};
}
